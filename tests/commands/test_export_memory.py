"""How much memory an export takes: the most that a fresh process has held, less what it held before.

Linux alone tells well: elsewhere `peak_bytes` has what `resource.getrusage` says, and that of a
child counts its parent too, from the moment between fork and exec.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from model_export import random_weights
from model_export.contract.card import ModelCard

if TYPE_CHECKING:
    from model_export.exporter import Report

ROOT = Path(__file__).parents[2]
BAR = 1.5e9  # bytes above what importing PyTorch takes

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells the most memory held"
)

EXPORT = """
import json, sys
from pathlib import Path
import torch
from model_export.contract.worker import peak_bytes
before = peak_bytes()
from model_export import export
source, output, precision, photographs = sys.argv[1:]
export(Path(output), source, precision=precision, calibrate=Path(photographs))
print(json.dumps(peak_bytes() - before))
"""
REDUCE = """
import json, sys
from pathlib import Path
import numpy as np, onnx
from model_export.contract.worker import peak_bytes
from model_export.forms.precision import reduce
source, precision = sys.argv[1:]
np.ones(1) @ np.ones(1)  # numpy's threads take their stacks
before = peak_bytes()
made, _ = reduce(Path(source), precision)
print(json.dumps(peak_bytes() - before))
"""


def measured(program: str, *arguments: object) -> int:
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout))


def test_61_million_parameters_in_int8(tmp_path: Path) -> None:
    """The precision that takes most: it runs the network once more, for the ranges."""
    source = random_weights.write("imagenet1k", tmp_path / "random.safetensors")
    output = tmp_path / "a.onnx"
    taken = measured(EXPORT, source, output, "int8", ROOT / "demo" / "samples")
    assert ModelCard.from_json(output.with_suffix(".json").read_text("utf-8")).precision == "int8"
    assert source.stat().st_size < taken < BAR


@pytest.mark.parametrize("precision", ["fp16", "int4"])
def test_weights_are_not_copied_for_each_layer(exported: Report, precision: str) -> None:
    """The file twice, and one layer at work; it was nine times the file when each layer copied all."""
    assert measured(REDUCE, exported.file, precision) < 4 * exported.size


def test_a_child_does_not_count_its_parent() -> None:
    """As the contest of `demo benchmark` reports it."""
    ballast = np.ones(40_000_000)  # 320 MB
    taken = measured("from model_export.contract.worker import peak_bytes; print(peak_bytes())")
    assert 0 < taken < ballast.nbytes
