"""The page's gradient: a graph over the network's own weights, equal to PyTorch's gradient."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from model_export.records import gradient

FILE = gradient.NETWORK.with_name("alexnet64-gradient.onnx")
UNITS = sum(count for _, count in gradient.LAYERS)
REFERENCE = json.loads(FILE.with_suffix(".reference.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def net() -> torch.nn.Module:
    return gradient.unpacked()


def given(x: torch.Tensor, direction: torch.Tensor) -> Any:
    """Answers and gradient of the committed file, beside the committed network."""
    session = onnxruntime.InferenceSession(FILE, providers=["CPUExecutionProvider"])
    inputs = {"image": x.float().numpy(), "direction": direction.float().numpy()}
    return session.run(["answers", "gradient"], inputs)


def test_every_weight_is_the_networks_own() -> None:
    content = gradient.NETWORK.read_bytes()
    assert REFERENCE["model_sha256"] == hashlib.sha256(content).hexdigest(), "run `make records`"
    assert FILE.stat().st_size < 40_000
    stored = {t.name: t.raw_data for t in onnx.load(gradient.NETWORK).graph.initializer}
    shared = 0
    for tensor in onnx.load(FILE, load_external_data=False).graph.initializer:
        if tensor.name in stored and len(stored[tensor.name]) >= gradient.SHARED:
            where = {entry.key: entry.value for entry in tensor.external_data}
            begin = int(where["offset"])
            assert content[begin : begin + int(where["length"])] == stored[tensor.name]
            shared += len(stored[tensor.name])
    assert shared > 0.98 * sum(map(len, stored.values()))


@pytest.mark.parametrize(("layer", "unit"), [("conv1", 17), ("conv3", 200), ("fc7", 5), ("fc8", 7)])
def test_each_layers_gradient_is_autograds(net: torch.nn.Module, layer: str, unit: int) -> None:
    names = [name for name, _ in gradient.LAYERS]
    at = sum(count for _, count in gradient.LAYERS[: names.index(layer)]) + unit
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)).double()
    direction = torch.zeros(1, UNITS)
    direction[0, at] = 1
    answers, found = given(x, direction)
    wanted, exact = gradient.autograd(net, x, direction)
    np.testing.assert_allclose(answers, wanted.numpy(), rtol=0, atol=1e-4)
    assert np.linalg.norm(found - exact.numpy()) < 1e-5 * float(exact.norm())
    # What the slope says is what happens, over a step in its direction.
    step = 1e-4 * exact / exact.norm()
    rise = gradient.answers(net, x + step)[0, at] - gradient.answers(net, x - step)[0, at]
    assert float(rise) == pytest.approx(2e-4 * np.linalg.norm(found), rel=1e-2)


def test_the_reference_is_what_pytorch_gives(net: torch.nn.Module) -> None:
    direction = torch.zeros(1, UNITS, dtype=torch.float64)
    for unit, part in REFERENCE["direction"].items():
        direction[0, int(unit)] = part
    assert len(REFERENCE["direction"]) == len(gradient.LAYERS)
    _, exact = gradient.autograd(net, gradient.picture(), direction)
    kept = exact.flatten()[:: REFERENCE["every"]].numpy()
    np.testing.assert_allclose(REFERENCE["gradient"], kept, rtol=1e-4, atol=1e-7)
