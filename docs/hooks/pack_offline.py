"""Pack the built site into one zip for use without a network: ``make offline``.

    python docs/hooks/pack_offline.py SITE ZIP

The zip is the same, byte for byte, whenever the site is: entries are sorted, carry one date and
one mode, and are stored by the same method. Its checksum is written beside it (``ZIP.sha256``), and
then the zip, the checksum and the words about them are put into the site itself, for publishing.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import zipfile
from pathlib import Path

from sitebuild.errors import ended

FOLDER = "alexnet-moment"  # what unpacking makes
PUBLISHED_UNDER = "downloads"
PAGE = Path("reference") / "offline" / "index.html"
PLACE = re.compile(r'(<p class="offline-file" id="offline-file">).*?(</p>)', re.DOTALL)
# The page's twin for programs and the index of the search say the same, without the markup.
PLAIN_IN = (Path("reference") / "offline" / "index.md", Path("search") / "search_index.json")
PLAIN = re.compile(
    r"This copy of the page was built without the file\..*?as below\."
    r"|You are reading the offline edition:.*?its checksum\."
    r"|The file is \S+, \d+ MB; its checksum \(SHA-256\) is [0-9a-f]{64}\."
)
INSIDE = (
    "You are reading the offline edition: this copy of the site came out of the zip. "
    "To pass it on, give the zip; the published page has its checksum."
)
DATE = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip can hold
# What makes the edition whole: the live page's engine and its network.
NEEDED = ("index.html", "assets/live/engine/ort.wasm.min.mjs", "assets/models/alexnet64.onnx")
# Already compressed: packing them again costs time and gains nothing.
STORED = {".png", ".jpg", ".webp", ".zip", ".gz", ".pdf"}


class Incomplete(Exception):
    """The site lacks something that the edition needs; the text says what and what to do."""


def pack(site: Path, target: Path) -> str:
    """Write the zip and its checksum file; the SHA-256 in hexadecimal.

    Args:
        site: the built site.
        target: the zip.

    Raises:
        Incomplete: the site was not built, or the live page's engine is not in it.
    """
    for name in NEEDED:
        if not (site / name).is_file():
            raise Incomplete(f"{site / name} is not there: run `make offline`, which fetches it")
    target.parent.mkdir(parents=True, exist_ok=True)
    files = sorted(
        (path.relative_to(site).as_posix(), path)
        for path in site.rglob("*")
        if path.is_file() and path.relative_to(site).parts[0] != PUBLISHED_UNDER
    )
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in files:
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", date_time=DATE)
            entry.create_system = 3  # Unix, on every machine that packs
            entry.external_attr = 0o100644 << 16
            stored = path.suffix in STORED
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, _inside(name, path), compresslevel=9)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    checksum_of(target).write_text(f"{digest}  {target.name}\n", encoding="ascii")
    return digest


def _inside(name: str, path: Path) -> bytes:
    """A file as the zip holds it: what says where the zip is says there that this is it."""
    if name == PAGE.as_posix():
        return _placed(path, INSIDE).encode()
    if Path(name) in PLAIN_IN:
        return PLAIN.sub(INSIDE, path.read_text("utf-8")).encode()
    return path.read_bytes()


def _placed(page: Path, words: str) -> str:
    """The page with these words about the file."""
    text, count = PLACE.subn(rf"\g<1>{words}\g<2>", page.read_text("utf-8"))
    if count != 1:
        raise Incomplete(f"{page} has no place for the file: look for offline-file in its source")
    return text


def checksum_of(target: Path) -> Path:
    """Where the checksum of a zip stands."""
    return target.with_name(f"{target.name}.sha256")


def publish(site: Path, target: Path, digest: str) -> None:
    """Put the zip and its checksum into the site, and the words about them on its page.

    The page inside the zip says that it is the edition: a file cannot hold its own checksum.
    """
    folder = site / PUBLISHED_UNDER
    folder.mkdir(exist_ok=True)
    for file in (target, checksum_of(target)):
        shutil.copyfile(file, folder / file.name)
    size = target.stat().st_size / 1_000_000
    link = f"../../{PUBLISHED_UNDER}/{target.name}"
    words = (
        f'<a href="{link}" download>{target.name}</a>, {size:.0f} MB. '
        f'Its <a href="{link}.sha256" download>checksum</a> (SHA-256): '
        f"<code>{digest}</code>"
    )
    (site / PAGE).write_text(_placed(site / PAGE, words), encoding="utf-8", newline="")
    plain = f"The file is {target.name}, {size:.0f} MB; its checksum (SHA-256) is {digest}."
    for file in (site / name for name in PLAIN_IN):
        if file.is_file():
            text = PLAIN.sub(plain, file.read_text("utf-8"))
            file.write_text(text, encoding="utf-8", newline="")


def main(site: str, target: str) -> int:
    """Pack and publish; 0 when done, 3 when something is missing."""
    try:
        digest = pack(Path(site), Path(target))
        publish(Path(site), Path(target), digest)
    except Incomplete as error:
        print(error, file=sys.stderr)
        return 3
    size = Path(target).stat().st_size
    print(f"{target}: {size:,} bytes\nsha256 {digest}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print("usage: python docs/hooks/pack_offline.py SITE ZIP", file=sys.stderr)
        sys.exit(2)
    sys.exit(ended(main, *sys.argv[1:]))
