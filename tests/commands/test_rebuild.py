"""A second build of one run, as `mkdocs serve` makes it after an edit, holds nothing stale.

The first build also has what a reader added: a notebook in docs/notebooks/own/ becomes a page.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat

from tests.support.site_copy import copied

# One file of each kind that the build keeps something of: by its words, others in their place.
EDITS = {
    "docs/story/myths.md": ("title: ", "title: Old "),
    "docs/data/facts.yml": ("value: 9.75", "value: 9.5"),
    "docs/data/ilsvrc.yml": ("15.315", "15.415"),
    "docs/data/glossary.yml": ('text: "', 'text: "Formerly. '),
    "docs/data/references.bib": ("= {Large Scale", "= {Old Large Scale"),
    "docs/notebooks/meet-alexnet.ipynb": ("AlexNet", "OldNet"),
    "docs/theme/main.html": ('title="Corrections"', 'title="Old"'),
    "docs/assets/css/tokens.css": ("Consolas", "Old"),
}
OWN = nbformat.v4.new_notebook(
    cells=[
        nbformat.v4.new_markdown_cell("# What my class found"),
        nbformat.v4.new_code_cell(
            "6 * 7", outputs=[nbformat.v4.new_output("stream", text="forty-two")]
        ),
    ]
)
# Builds twice in one process: as the files are, then after a line on its standard input.
TWICE = """
import sys
from mkdocs.commands.build import build
from mkdocs.config import load_config

for number, site in enumerate(sys.argv[1:]):
    if number:
        print("built", flush=True)
        sys.stdin.readline()
    config = load_config("mkdocs.yml", site_dir=site, strict=True)
    if not number:
        config.plugins.on_startup(command="build", dirty=False)
    build(config)
"""


def contents(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def test_a_build_after_edits_is_a_fresh_build(site: Path, tmp_path: Path) -> None:
    project = copied(tmp_path / "project")
    real = {name: (project / name).read_text("utf-8") for name in EDITS}
    for name, (words, others) in EDITS.items():
        assert words in real[name], name
        (project / name).write_text(real[name].replace(words, others), encoding="utf-8")
    own = project / "docs" / "notebooks" / "own" / "class.ipynb"
    own.parent.mkdir()
    nbformat.write(OWN, own)

    first, second = tmp_path / "first", tmp_path / "second"
    with subprocess.Popen(
        [sys.executable, "-c", TWICE, str(first), str(second)],
        cwd=project,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stderr
        line = process.stdout.readline()
        for name, content in real.items():
            (project / name).write_text(content, encoding="utf-8")
        own.unlink()
        own.parent.rmdir()
        if line == "built\n":
            process.stdin.write("\n")
            process.stdin.close()
        assert process.wait() == 0, process.stderr.read()

    before, after, fresh = contents(first), contents(second), contents(site)
    page = before["notebooks/own/class/index.html"].decode()
    assert "What my class found" in page
    assert "forty-two" in page
    assert b"jp-Notebook" not in before["notebooks/meet-alexnet/index.html"]  # ours stay light
    changed = {name for name, content in before.items() if content != fresh.get(name)}
    assert {
        "story/myths/index.html", "story/myths/index.md", "search/search_index.json",
        "reference/glossary/index.html", "reference/sources/index.html",
        "notebooks/meet-alexnet/index.html", "assets/timeline/timeline.bib", "404.html",
        "data/facts.json", "assets/figures/winners.svg",
    } <= changed  # fmt: skip
    assert sorted(after) == sorted(fresh)
    assert [name for name, content in fresh.items() if after[name] != content] == []
