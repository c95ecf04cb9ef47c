"""Runs the lessons from clean and writes them, with what came out, as .ipynb files.

The sources are the ``.py`` files of ``docs/notebooks`` (jupytext's percent form): they diff well.
The ``.ipynb`` beside each is made here and committed, so that building the site runs nothing.
What would differ from run to run for no reason (cell ids, times, the kernel's version) is left out.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import signal
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from sitebuild.errors import ContentError

FOLDER = Path("docs") / "notebooks"
LONGEST = 1200  # seconds for one cell: one that hangs, not one on a busy machine


class NoisyCell(Exception):
    """A cell warned or wrote to standard error; the text holds what it wrote."""


class Client(NotebookClient):
    """Ends at Ctrl-C; nbclient's own handler closes the kernel and then waits for its answer."""

    async def async_start_new_kernel(self, **more: object) -> None:
        """Start the kernel, and take that handler off, which was put on just before."""
        with contextlib.suppress(RuntimeError):  # no main thread, no handlers
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        await super().async_start_new_kernel(**more)

    def kill(self) -> None:
        """Kill the kernel at once, and unregister the shutdown request that runs at exit."""
        atexit.unregister(self._cleanup_kernel)
        with contextlib.suppress(AttributeError):  # it has not begun
            self.km.provisioner.process.kill()  # type: ignore[union-attr]


def names(root: Path) -> list[str]:
    """The lessons, in alphabetical order."""
    return sorted(
        path.stem
        for path in (root / FOLDER).glob("*.py")
        if "# %% [markdown]" in path.read_text("utf-8")
    )


def source(root: Path, name: str) -> nbformat.NotebookNode:
    """A lesson as it is written, without outputs, in the form that is committed."""
    notebook: nbformat.NotebookNode = jupytext.read(root / FOLDER / f"{name}.py")
    notebook.metadata = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place:02}"
    return notebook


def execute(root: Path, name: str) -> nbformat.NotebookNode:
    """A lesson with the outputs of a fresh run in its own folder.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
        NoisyCell: a cell wrote to standard error; a warning is a mistake here.
    """
    notebook = source(root, name)
    client = Client(
        notebook,
        timeout=LONGEST,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns about its transport
        record_timing=False,
        coalesce_streams=True,  # a slow machine hands over what is printed in pieces
        resources={"metadata": {"path": str(root / FOLDER)}},
    )
    try:
        client.execute()
    except KeyboardInterrupt:
        client.kill()
        raise
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                raise NoisyCell(f"{name}, {cell['id']}: {output['text']}")
    return notebook


def main(root: Path, chosen: list[str]) -> int:
    """Run the lessons named, or all: 0, or 1 if a cell failed.

    Raises:
        ContentError: there is no such lesson.
    """
    known = names(root)
    for name in chosen:
        if name not in known:
            raise ContentError(f"{name}: no such lesson; there are {', '.join(known)}")
    for name in chosen or known:
        print(name, flush=True)
        try:
            nbformat.write(execute(root, name), root / FOLDER / f"{name}.ipynb")  # type: ignore[no-untyped-call]
        except (CellExecutionError, NoisyCell) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    return 0
