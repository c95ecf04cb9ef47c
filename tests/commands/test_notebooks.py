"""The lessons: they run from clean, what they print is what is committed, their pages are whole."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from sitebuild.tools import notebooks
from tests.unit.test_site_content import ROOT

FOLDER = ROOT / "docs" / "notebooks"
LESSONS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e-?\d+)?")
VERDICT = re.compile(r"\b(?:helps|hurts|open) +")  # what a small training run says of an idea


def committed(name: str) -> nbformat.NotebookNode:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def test_a_lesson_in_plain_python_prints_what_it_says() -> None:
    code = (
        "import lesson; lesson.say('A **cup**<sup>[1](#source-1)</sup>.'); "
        "lesson.show(lesson.plt.figure(), 'A photograph of a cup of espresso.')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER, capture_output=True, text=True, check=True
    )
    assert done.stdout == "A **cup**[1](#source-1).\n[Figure: A photograph of a cup of espresso.]\n"


def test_a_figure_too_wide_for_the_words_to_be_read_on_a_phone_is_refused() -> None:
    code = (
        "import lesson; figure = lesson.plt.figure(figsize=(8, 3)); "
        "lesson.show(figure, 'A photograph of a cup of espresso.')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "8.0 inches is too wide for a phone" in done.stderr


def test_every_lesson_has_its_source() -> None:
    assert notebooks.names(ROOT) == LESSONS
    assert len(LESSONS) == 8


@pytest.mark.parametrize("name", LESSONS)
def test_source_and_notebook_are_the_same(name: str) -> None:
    source, notebook = notebooks.source(ROOT, name), committed(name)
    assert [(c.cell_type, c.source) for c in source.cells] == [
        (c.cell_type, c.source) for c in notebook.cells
    ], "run `make notebooks`"


def test_ctrl_c_ends_a_lesson_at_once_and_quietly() -> None:
    """nbclient's own handler would close the kernel, and wait for its answer all the same."""
    running = subprocess.Popen(
        [sys.executable, "-m", "sitebuild", "notebooks", "build-it"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "docs" / "hooks")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # also under nohup
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "build-it\n"
    time.sleep(1.5)  # it may stand anywhere between here and its end
    os.killpg(running.pid, signal.SIGINT)
    _, complaint = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGINT, complaint
    assert complaint == ""


def output_text(cell: Any) -> str:
    """All words of a cell's outputs."""
    parts = []
    for output in cell.get("outputs", ()):
        text = output.get("text") or output.get("data", {}).get("text/markdown", "")
        parts.append(text if isinstance(text, str) else "".join(text))
    return "\n".join(parts)


def words(text: str) -> str:
    """A text without its numbers, and without how it was spaced to hold them."""
    return " ".join(NUMBER.sub("#", VERDICT.sub("? ", text)).replace("+#", "#").split())


def numbers(text: str) -> list[float]:
    return [float(found.replace(",", "").rstrip(".")) for found in NUMBER.findall(text)]


def shortened(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The lesson with one random start where it trains from three."""
    for cell in notebook.cells:
        if "trained" in cell.metadata.get("tags", ()):
            cell.source = cell.source.replace("(0, 1, 2)", "(0,)")
    return notebook


@pytest.mark.timeout(1200)  # a minute when quiet; a machine with much else to do takes longer
@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:jupyter_client")
def test_a_fresh_run_says_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Same words; same numbers to within two in a hundred, for processors round differently.

    A cell tagged ``varies`` (timings) may print other numbers. One tagged ``trained`` as well:
    rounding grows over hundreds of steps, so runs on other processors part company, and here each
    network learns from one random start instead of three. One tagged ``needs-data`` shows pictures
    that may not be shipped, so none are in what is committed.
    """
    fresh, kept = notebooks.source(ROOT, name), committed(name)
    needs_data = any("needs-data" in cell.metadata.get("tags", ()) for cell in fresh.cells)
    if needs_data and "TINY_IMAGENET" in os.environ:
        some = request.getfixturevalue("some_of_tiny_imagenet")
        monkeypatch.setenv("TINY_IMAGENET", str(some))
    else:
        monkeypatch.delenv("TINY_IMAGENET", raising=False)
    monkeypatch.setattr(notebooks, "source", lambda *_: shortened(fresh))
    fresh = notebooks.execute(ROOT, name)
    for new, old in zip(fresh.cells, kept.cells, strict=True):
        if new.cell_type != "code":
            continue
        new_text, old_text = output_text(new), output_text(old)
        tags = new.metadata.get("tags", ())
        if "needs-data" in tags and "TINY_IMAGENET" in os.environ:
            assert sum("image/png" in output.get("data", {}) for output in new.outputs) == 2
            by_pixels, by_layer = (
                float(share) for share in re.findall(r"same class: ([\d.]+)%", new_text)
            )
            assert by_layer > 5 * by_pixels
            continue
        if "trained" in tags:
            new_text, old_text = (re.sub(r"#(?: #)+", "#", words(t)) for t in (new_text, old_text))
        assert words(new_text) == words(old_text), new.source
        if not {"trained", "varies"} & set(tags):
            assert numbers(new_text) == pytest.approx(numbers(old_text), rel=0.02, abs=0.011)
        assert len(new.get("outputs", ())) == len(old.get("outputs", ()))


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_a_lesson(name: str) -> None:
    """Goals, exercises with folded answers, a first code cell for Colab, words for every plot."""
    cells = committed(name).cells
    prose = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    assert "**You will learn**" in prose
    assert "## Exercises" in prose
    assert "<details><summary>Answers</summary>" in prose
    first = next(c for c in cells if c.cell_type == "code")
    assert "google.colab" in first.source
    said = "\n".join(output_text(cell) for cell in cells)
    marks = set(re.findall(r"\(#(source-\d+)\)", said))
    assert marks == set(re.findall(r'id="(source-\d+)"', said))
    for cell in cells:
        for output in cell.get("outputs", ()):
            assert output.get("name") != "stderr"
            if "image/png" in output.get("data", {}):
                assert len(output["metadata"]["image/png"]["alt"].split()) >= 6


@pytest.mark.parametrize("name", LESSONS)
def test_the_page_of_a_lesson(site: Path, name: str) -> None:
    folder = site / "notebooks" / name
    html = (folder / "index.html").read_text("utf-8")
    assert len(html.encode()) <= 150_000
    article = html[html.index("<article") : html.index("</article>")]
    assert "<style" not in article
    assert "mathjax" not in html.lower()
    assert article.count("<h1") == 1
    assert (folder / f"{name}.ipynb").exists()
    assert (site / "notebooks" / f"{name}.py").exists()
    plots = re.findall(r'<img src="([^"]+)" alt="([^"]+)" width="\d+" height="\d+"', article)
    wanted = sum(
        "image/png" in output.get("data", {})
        for cell in committed(name).cells
        for output in cell.get("outputs", ())
    )
    assert len(set(plots)) == wanted  # the page opens with one of them
    for source, _ in plots:
        assert (folder / source).exists()
    for heading in re.findall(r"<h2 id=\"([^\"]+)\"", article):
        assert f'href="#{heading}" class="md-nav__link"' in html
