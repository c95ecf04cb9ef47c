"""`benchmark --learn`: a learning step, timed where it computes what PyTorch does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from demo.benchmarking import learning
from demo.errors import UsageError
from model_export.forms import learning as steps
from model_export.records.learning import FILES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("network", ["shapes", "shapes-dropout"])
def test_its_first_loss_is_pytorchs(network: str) -> None:
    file = FILES / f"{network}.onnx"
    candidate = learning.Candidate(file, "cpu", 1, 4)
    given = {name: torch.from_numpy(value) for name, value in candidate.inputs.items()}
    weights = [value for name, value in given.items() if name[0] in "wb"]
    layers = steps.NETWORKS[network].layers
    logits = steps.by_pytorch(layers, given["x"], weights, given.get("mask"))
    wanted = F.cross_entropy(logits, given["y"].argmax(1)).item()
    found = learning.run([file], ["cpu"], 4, threads=1, rounds=1, seconds=0.01)
    (row,) = found["steps"]
    assert row["losses"][0] == pytest.approx(wanted, rel=1e-5)
    assert row["losses"][1] != row["losses"][0]  # the weights are fed back
    operations = steps.step_of(steps.NETWORKS[network]).operations()
    assert row["operations_s"] == pytest.approx(row["pictures_s"] * operations)
    assert row["ms"]["first"] <= row["ms"]["median"] <= row["ms"]["third"]
    assert f"{network}.onnx cpu" in "\n".join(learning.lines(found))


def test_what_is_no_learning_step_is_refused() -> None:
    model = ROOT / "docs" / "assets" / "models" / "alexnet64.onnx"
    with pytest.raises(UsageError, match="no learning step"):
        learning.run([model], ["cpu"], None, 1, 1, 0.01)
    for device in ("tensorrt", "webgpu"):
        with pytest.raises(UsageError, match=f"{device}: unknown with --learn; give cpu, cuda"):
            learning.run([FILES / "shapes.onnx"], [device], None, 1, 1, 0.01)
