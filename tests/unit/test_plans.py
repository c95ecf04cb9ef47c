"""The plans of the compared networks: fresh, and counted another way."""

from __future__ import annotations

import json
from itertools import pairwise
from math import ceil, prod
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import nn

from model_export.architectures import AlexNet2012, MapNorm
from model_export.networks import NETWORKS
from model_export.records.plans import OUTPUT, SHOWN, build, main, plans, walk

ROOT = Path(__file__).parents[2]
PLANS: list[dict[str, Any]] = json.loads(OUTPUT.read_text("utf-8"))["rows"]
BY_NAME = {plan["name"]: plan for plan in PLANS}
RUNS = {
    row["run"]: row
    for row in yaml.safe_load((ROOT / "docs/data/experiments.yml").read_text("utf-8"))["rows"]
}


def layer(plan: str, name: str) -> dict[str, Any]:
    return next(row for row in BY_NAME[plan]["layers"] if row["layer"] == name)


def test_the_file_is_what_the_networks_say(tmp_path: Path) -> None:
    assert json.loads(json.dumps(plans())) == PLANS, "run `make records`"
    main(tmp_path / "plans.json")
    assert (tmp_path / "plans.json").read_bytes() == OUTPUT.read_bytes()


def test_the_zoos_grid_is_the_windows_arithmetic() -> None:
    """Every window rounds down; pool5 has a border on one side."""
    sides = json.loads(OUTPUT.read_text("utf-8"))["zoo"]["sides"]
    conv1 = (224 - 11) // 4 + 1
    pool1 = (conv1 - 3) // 2 + 1
    pool2 = (pool1 - 3) // 2 + 1
    assert (sides["conv1"], sides["pool1"], sides["pool2"]) == (conv1, pool1, pool2)
    assert sides["pool5"] == (sides["conv5"] + 1 - 3) // 2 + 1 == layer("caffe", "pool5")["out"][0]


def test_sums_agree_with_the_table_of_networks_and_with_pytorch() -> None:
    for name, _, row in SHOWN:
        plan = BY_NAME[name]
        assert plan["parameters"] == sum(p.numel() for p in build(name).parameters())
        if row:
            assert plan["parameters"] == NETWORKS[row].parameters
            assert plan["multiply_adds"] == NETWORKS[row].multiply_adds
    assert BY_NAME["2012"]["parameters"] == BY_NAME["caffe"]["parameters"] == 60_965_224
    assert BY_NAME["torchvision"]["parameters"] == 61_100_840


def test_the_ledger_of_the_site_has_the_same_shapes_and_counts() -> None:
    ledger = yaml.safe_load((ROOT / "docs/data/layers.yml").read_text("utf-8"))["rows"]
    for row in ledger[1:]:
        ours = layer("2012", row["layer"])
        assert (ours["out"], ours["parameters"]) == (row["out"], row["params"]), row["layer"]


# --- counted from the configuration files of 2012, as numbers --------------------------------------


def maps(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """The released code's shape rule (layer.py, lines 1004 and 1164): it rounds up."""
    return 1 + ceil((2 * padding + size - kernel) / stride)


def recount(first: int, side_input: bool, hidden: list[int]) -> int:
    """Weights and biases of a two-card run: ``first`` filters a card, ``hidden`` units in all."""
    size = maps(maps(224, 11, 4), 3, 2)
    assert size == maps(size, 5, padding=2)
    size = maps(maps(size, 3, 2), 3, 2)
    seen = 5 * 5 * first + (5 * 5 * 3 if side_input else 0)
    a_card = (
        first * (11 * 11 * 3 + 1)
        + 128 * (seen + 1)
        + 192 * (3 * 3 * 256 + 1)
        + 192 * (3 * 3 * 192 + 1)
        + 128 * (3 * 3 * 192 + 1)
    )
    widths = [size * size * 256, *hidden, 1000]
    dense = sum(out * (into + 1) for into, out in pairwise(widths))
    return 2 * a_card + dense


def test_runs_145_114_and_120_are_recounted() -> None:
    assert recount(48, False, [4096, 4096]) == 60_965_224
    assert recount(32, True, [6144, 6144, 6144]) == 140_523_240
    recounted = {run: RUNS[run]["net"]["parameters_recounted"] for run in ("145", "114", "120")}
    assert recounted["145"] == BY_NAME["2012"]["parameters"] == 60_965_224
    assert recounted["114"] == 140_523_240
    assert recounted["120"] == recount(32, True, [4096, 4096])


def test_three_ways_to_55_maps() -> None:
    assert maps(224, 11, 4) == layer("2012", "conv1")["out"][0] == 55
    assert layer("2012", "pad")["amount"] == 227 - 224
    assert (227 - 11) % 4 == 0
    assert (227 - 11) // 4 + 1 == layer("caffe", "conv1")["out"][0] == 55
    padding = layer("torchvision", "conv1")["padding"]
    assert (224 + 2 * padding - 11) // 4 + 1 == layer("torchvision", "conv1")["out"][0] == 55
    assert (224 - 11) // 4 + 1 == 54  # what rounding down makes of the paper's sizes


# --- what one number sees, by its gradient ---------------------------------------------------------


def one_map(module: nn.Module) -> nn.Module | None:
    """A module's window on a single map, with a gradient everywhere inside it."""
    match module:
        case nn.Conv2d():
            sides: list[Any] = [module.kernel_size, module.stride, module.padding]
            lone = nn.Conv2d(1, 1, sides[0], sides[1], sides[2], bias=False)
            nn.init.constant_(lone.weight, 0.1)
            return lone
        case nn.MaxPool2d():
            return nn.AvgPool2d(module.kernel_size, module.stride, ceil_mode=module.ceil_mode)
        case MapNorm():
            return module
    return None


@pytest.mark.parametrize("name", BY_NAME)
def test_what_a_number_sees_is_where_its_gradient_is(name: str) -> None:
    fields = [row["field"] for row in BY_NAME[name]["layers"] if "kernel" in row]
    image = torch.rand(1, 1, 515, 515, dtype=torch.float64, requires_grad=True)
    found, at = [], image
    for module in build(name).features.children():
        window = one_map(module)
        if window is None:
            continue
        at = window.double()(at)
        middle = at[0, 0, at.shape[2] // 2, at.shape[3] // 2]
        (gradient,) = torch.autograd.grad(middle, image, retain_graph=True)
        rows = gradient[0, 0].abs().sum(1).nonzero()
        found.append(int(rows.max() - rows.min()) + 1)
    assert found == fields


def test_sizes_follow_the_picture_and_an_unknown_module_is_named() -> None:
    with torch.device("meta"):
        net = AlexNet2012(image_size=96, hidden=8)
    small = {row["layer"]: row for row in walk(net, 96)}
    assert small["conv1"]["out"] == [23, 23, 96]
    assert small["fc6"]["multiply_adds"] == prod(small["pool5"]["out"]) * 8
    with pytest.raises(ValueError, match="Sigmoid: no such kind of layer"):
        walk(nn.Sequential(nn.Sigmoid()), 8)
