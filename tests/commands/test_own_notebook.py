"""A notebook that somebody puts into docs/notebooks/own/ becomes a page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat

from tests.support.site_copy import copied


def test_a_users_notebook_becomes_a_page(tmp_path: Path) -> None:
    project = copied(tmp_path / "project")
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# What my class found"),
            nbformat.v4.new_code_cell(
                "6 * 7", outputs=[nbformat.v4.new_output("stream", text="forty-two")]
            ),
        ]
    )
    folder = project / "docs" / "notebooks" / "own"
    folder.mkdir()
    nbformat.write(notebook, folder / "class.ipynb")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path / "site")],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    page = (tmp_path / "site" / "notebooks" / "own" / "class" / "index.html").read_text("utf-8")
    assert "What my class found" in page
    assert "forty-two" in page
    lesson = tmp_path / "site" / "notebooks" / "meet-alexnet" / "index.html"
    assert "jp-Notebook" not in lesson.read_text("utf-8")  # ours stay light
