"""Where the code is and where readers write to, in words that also hold where nobody has said."""

from __future__ import annotations

from sitebuild.settings import Publisher


def report(publisher: Publisher) -> str:
    """Where to report an error, as Markdown."""
    ways = []
    if publisher.contact:
        name = publisher.contact.removeprefix("mailto:").removeprefix("https://")
        ways.append(f"write to [{name}]({publisher.contact})")
    if publisher.repository:
        ways.append(f"tell us [where the project's code is kept]({publisher.repository})")
    if not ways:
        return "Tell whoever publishes this copy of the site, with your source."
    words = ", or ".join(ways)
    return f"{words[0].upper()}{words[1:]}, with your source."


def project(publisher: Publisher) -> str:
    """The project, and the command that fetches it, as Markdown."""
    if not publisher.repository:
        return "the project"
    return f"[the project]({publisher.repository}) (`git clone {publisher.repository}`)"


def for_colab(text: str, publisher: Publisher, quote: str = '"') -> str:
    """A lesson's source with the address from which its first cell fetches the project.

    Args:
        text: of a cell, of the plain file or of the notebook.
        publisher: who knows the address.
        quote: a quotation mark as the text writes it: in a notebook after a backslash.
    """
    empty = f"REPOSITORY = {quote}{quote}"
    return text.replace(empty, f"REPOSITORY = {quote}{publisher.repository}{quote}")
