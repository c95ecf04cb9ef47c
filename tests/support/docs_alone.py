"""MkDocs where only the packages of the extra ``docs`` can be imported, as after
``pip install .[docs]``: ``python -m tests.support.docs_alone build ...``."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def installed(package: str, extra: str) -> set[str]:
    """The package with an extra, and all that they require here, by their names."""
    found: set[tuple[str, str]] = set()
    todo = [(canonicalize_name(package), extra), (canonicalize_name(package), "")]
    while todo:
        name, wanted = one = todo.pop()
        if one in found:
            continue
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        found.add(one)
        for requirement in map(Requirement, lines):
            if not requirement.marker or requirement.marker.evaluate({"extra": wanted}):
                needed = canonicalize_name(requirement.name)
                todo += [(needed, more) for more in ("", *requirement.extras)]
    return {str(name) for name, _ in found}


def hide(packages: set[str]) -> None:
    """Let the modules of all other packages be missing."""
    for module, names in packages_distributions().items():
        if not packages & set(map(canonicalize_name, names)) and module not in sys.modules:
            sys.modules[module] = None  # type: ignore[assignment]


if __name__ == "__main__":
    packages = installed("alexnet-moment", "docs")
    assert "mkdocs" in packages
    assert not packages & {"torch", "onnxruntime", "onnxruntime-gpu"}
    hide(packages)
    from mkdocs.__main__ import cli

    cli()
