"""The page "Export it yourself": its commands print what it shows; its table is what was measured."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from model_export.exporter import Report
from model_export.networks import ALEXNET64, CAFFENET, NETWORKS
from model_export.proof.accuracy import MOST_LOST
from tests.support.export_command import command as exporter
from tests.support.signing import keys, sign

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "export.md").read_text("utf-8")
BLOCKS = re.findall(r"^```console\n\$ (.+)\n((?:.+\n)+)```$", PAGE, re.MULTILINE)
PRICES = json.loads((ROOT / "docs" / "data" / "results" / "precisions.json").read_text("utf-8"))
ROUNDING = re.compile(r"\d(?:\.\d+)?e-\d+")  # differs from processor to processor


@pytest.fixture(scope="module")
def folder(exported: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands run. The file that the page's first command makes is there already: that
    command may be another worker's."""
    made = tmp_path_factory.mktemp("page")
    (made / "build").mkdir()
    for file in (exported.file, exported.card_file):
        shutil.copy(file, made / "build")
    keys(made, "ours")
    sign(made / "build" / exported.file.name, made / "ours.key")
    return made


def test_the_page_shows_commands() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize(("command", "shown"), BLOCKS)
def test_a_command_prints_what_the_page_shows(command: str, shown: str, folder: Path) -> None:
    program, words = command.split(" -m model_export")
    assert program == "python"
    done = exporter(*words.split(), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert ROUNDING.sub("#", done.stdout) == ROUNDING.sub("#", shown)


def test_every_option_that_the_page_names_is_there() -> None:
    known = "".join(
        exporter(verb, "--help").stdout for verb in ("export", "verify", "inspect", "identify")
    )
    ours = PAGE.replace(PAGE.split("## If you come from another exporter")[1].split("##")[0], "")
    rows = re.findall(r"^\|.*\|([^|]*)\|$", PAGE.split("If you come from")[1], re.MULTILINE)
    named = set(re.findall(r"--[a-z0-9][a-z0-9-]+", ours + "".join(rows)))
    assert {word for word in named if word not in known} == {"--model-repository"}  # Triton's


def test_the_python_example_runs(folder: Path) -> None:
    (code,) = re.findall(r"^```python\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("fp16 ")


def rows(network: str) -> list[dict[str, Any]]:
    return [row for row in PRICES["rows"] if row["network"] == network]


def test_every_network_stands_in_every_form() -> None:
    for name in set(NETWORKS) - {CAFFENET.name}:  # its sizes and operations are bvlc's
        forms = [(row["precision"], row["block"]) for row in rows(name)]
        assert forms == [
            ("fp32", None),
            ("fp16", None),
            ("int8", None),
            ("int4", 32),
            ("int4", 128),
        ]


def test_our_forms_lose_no_more_than_they_may() -> None:
    plain, *others = rows(ALEXNET64.name)
    assert plain["count"] == 10_000
    for row in others:
        lost = plain["top1"]["percent"] - row["top1"]["percent"]
        assert lost <= MOST_LOST[row["precision"]] + 1e-9, row["precision"]


def test_random_weights_claim_no_accuracy() -> None:
    for row in PRICES["rows"]:
        assert (row["weights"] == "random") == (row["top1"] is None)


def test_the_table_shows_every_row(site: Path) -> None:
    html = (site / "reference" / "export" / "index.html").read_text("utf-8")
    table = html[html.index("Size, accuracy, distance and time") :]
    assert table.count("<tr>") - 1 >= len(PRICES["rows"])
    for row in PRICES["rows"]:
        assert f"{row['bytes'] / 1e6:.1f}" in table


@pytest.mark.parametrize("block", ["64", "0"])
def test_an_invalid_block_is_rejected(block: str, folder: Path) -> None:
    done = exporter("--precision", "int4", "--block", block, cwd=folder)
    assert done.returncode == 2
    assert done.stderr == f"error: --block {block}: int4 has blocks of 32 or 128, others none\n"
