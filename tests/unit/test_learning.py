"""The small network that learns: its pictures, its steps, and what is recorded of its runs."""

from __future__ import annotations

import json
import math
import subprocess
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional as F

from model_export.contract import onnx_file
from model_export.forms import learning
from model_export.records.learning import FILES, RECORD, SETTINGS, Run, Setting
from model_export.training import drawn
from tests.unit.test_page_scripts import node as node

ROOT = Path(__file__).parents[2]
SCRIPT = """
import { pictures } from "./docs/assets/js/learn/pictures.js";
import { uniform, weights } from "./docs/assets/js/learn/random.js";
const values = uniform(11, 2 ** 31 + 5);
const found = [
  pictures(7, 35, 60),
  new Uint8Array(weights([32, 16, 5, 5], 7, 1).buffer),
  new Uint8Array(Float64Array.from({ length: 256 }, (_, i) => values(i)).buffer),
];
for (const bytes of found) process.stdout.write(bytes);
"""


def test_the_page_draws_the_same_pictures_and_weights(node: str) -> None:
    drawn_there = subprocess.run(
        [node, "--input-type=module", "--eval", SCRIPT], cwd=ROOT, capture_output=True, check=True
    ).stdout
    wanted = drawn.pictures(7, 35, 60).tobytes()
    shapes: list[tuple[int, ...]] = [(16, 3, 5, 5), (32, 16, 5, 5)]
    wanted += drawn.weights(shapes, 7)[2].tobytes()
    item = np.array(2**31 + 5, np.uint32)
    wanted += drawn.uniform(11, item, np.arange(256, dtype=np.uint32)).tobytes()
    assert drawn_there == wanted


def test_each_picture_can_be_drawn_alone_and_differs_from_the_others() -> None:
    some = drawn.pictures(3, 0, 230)
    assert (drawn.pictures(3, 217, 1) == some[217]).all()
    assert len(np.unique(some.reshape(230, -1), axis=0)) == 230
    assert (drawn.pictures(4, 0, 1) != some[0]).any()
    assert 60 < some.mean() < 195
    assert some.std() > 40


def test_random_values_are_uniform() -> None:
    values = drawn.uniform(
        5, np.arange(100, dtype=np.uint32)[:, None], np.arange(100, dtype=np.uint32)
    )
    counts, _ = np.histogram(values, 20, (0, 1))
    assert abs(counts - 500).max() < 5 * 500**0.5
    assert abs(np.corrcoef(values[:-1].ravel(), values[1:].ravel())[0, 1]) < 0.05


def test_mirroring_and_shifting_moves_pixels_and_keeps_levels() -> None:
    picture = drawn.pictures(1, 5, 1)[0]
    assert (drawn.moved(picture, mirror=False, right=0, down=0) == picture).all()
    assert (drawn.moved(picture, mirror=True, right=0, down=0) == picture[:, :, ::-1]).all()
    shifted = drawn.moved(picture, mirror=False, right=2, down=-3)
    assert (shifted[:, :-3, 2:] == picture[:, 3:, :-2]).all()
    assert (shifted[:, -1, 2:] == picture[:, -1, :-2]).all()  # an edge is repeated


FEW = 16  # pictures a step
SEEDS = {"shapes-overlap": 3}
"""Others than 9 where there a ReLU or a maximum lies within rounding of its edge: engines then fall on
different sides, and their losses part after some steps."""


def by_pytorch(network: str, seed: int, steps: int, size: int = FEW) -> list[float]:
    """The losses with PyTorch's own layers, autograd and optimiser."""
    step_of = learning.step_of(learning.NETWORKS[network])
    layers, shapes = learning.NETWORKS[network].layers, step_of.shapes
    units = getattr(step_of, "units", 0)
    leaves = [torch.from_numpy(w).requires_grad_() for w in drawn.weights(shapes, seed)]
    groups = [
        {"params": leaves[0::2], "weight_decay": 5e-4},
        {"params": leaves[1::2], "weight_decay": 0},
    ]
    optimiser = torch.optim.SGD(groups, lr=learning.RATE, momentum=learning.MOMENTUM)
    levels = drawn.pictures(seed, 0, 200)
    losses = []
    for step in range(steps):
        moves = drawn.batch(seed, step, size, 200, vary=True)
        x = np.stack([drawn.moved(levels[i], *how) for i, *how in zip(*moves, strict=True)])
        z = torch.from_numpy(drawn.normalised(x))
        mask = torch.from_numpy(drawn.mask(seed, step, size, units)) if units else None
        z = learning.by_pytorch(layers, z, leaves, mask)
        loss = F.cross_entropy(z, torch.from_numpy(moves[0] % 10))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("network", learning.NETWORKS)
def test_ten_steps_are_pytorchs(network: str) -> None:
    setting, seed = Setting("", network, count=200, vary=True, batch=FEW), SEEDS.get(network, 9)
    run = Run(setting, seed)
    losses = [run.step()[0] for _ in range(10)]
    assert losses == pytest.approx(by_pytorch(network, seed, 10), rel=1e-5)
    again = Run(setting, seed)
    assert [again.step()[0] for _ in range(10)] == losses


def test_eighty_seconds_is_the_released_network() -> None:
    """Ten steps as PyTorch's, and the sizes that a count by hand of layers-80sec.cfg gives."""
    step = learning.step_of(learning.EIGHTY_SECONDS)
    assert sum(math.prod(shape) + shape[0] for shape in step.shapes) == 145_578
    maps = [3 * 25 * 32 * 32**2, 32 * 25 * 32 * 16**2, 32 * 25 * 64 * 8**2, 1024 * 64, 64 * 10]
    assert step.operations() == 2 * (2 * maps[0] + 3 * sum(maps[1:]))
    leaves = [torch.from_numpy(w).requires_grad_() for w in drawn.weights(step.shapes, 4)]
    optimiser = torch.optim.SGD(
        [
            {"params": [leaf], "lr": 0.02 * (1 + i % 2), "weight_decay": decay}
            for i, leaf in enumerate(leaves)
            for decay in [0 if i % 2 else 0.004 if i < 6 else 0.03]
        ],
        momentum=0.9,
    )
    session = onnxruntime.InferenceSession(
        FILES / "eighty-seconds.onnx", providers=["CPUExecutionProvider"]
    )
    names = [i.name for i in session.get_inputs()]
    state = [tensor.numpy() for tensor in step.start(4)]
    random = torch.Generator().manual_seed(1)
    kinds = torch.arange(8) % 10
    rates = [np.array(value, np.float32) for value in (0.02, 0.9)]
    for _ in range(10):
        x = torch.rand((8, 3, 32, 32), generator=random) * 2 - 1
        z = x
        for i in range(3):
            z = F.relu(F.conv2d(z, leaves[2 * i], leaves[2 * i + 1], padding=2))
            of = F.avg_pool2d if i else F.max_pool2d
            z = of(z, 3, 2, ceil_mode=True)
        z = F.linear(F.relu(F.linear(z.flatten(1), *leaves[6:8])), *leaves[8:])
        loss = F.cross_entropy(z, kinds)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        given = [x.numpy(), np.eye(10, dtype=np.float32)[kinds], *rates, *state]
        got, _, *state = session.run(None, dict(zip(names, given, strict=True)))
        assert float(got) == pytest.approx(loss.item(), rel=1e-5)


def test_the_record_is_of_the_committed_files() -> None:
    record = json.loads(RECORD.read_text("utf-8"))
    rows = [{**row, "runs": None} for row in record["settings"]]
    assert rows == [{**asdict(setting), "runs": None} for setting in SETTINGS]
    assert all(len(row["runs"]) == 5 for row in record["settings"])
    for network, sha256 in record["graph_sha256"].items():
        content = (FILES / f"{network}.onnx").read_bytes()
        assert sha256 == onnx_file.graph_sha256(content), "run `make records`"
    usual = record["settings"][0]["runs"]
    assert len(usual) == 5
    assert min(run["test"][0] for run in usual) > 80  # it guesses
    ends = [run["test"][-1] for run in usual]
    assert np.mean(ends) <= 10  # nine in ten are right
    assert max(ends) <= 15
