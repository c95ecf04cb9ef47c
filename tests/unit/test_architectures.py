"""The networks: counts, shapes, and agreement with an independent computation."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch
from torch import nn

from model_export.architectures import AlexNet2012, ResponseNorm, alexnet64
from tests.support.numpy_alexnet import alexnet as oracle


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def widths(net: AlexNet2012, size: int) -> list[int]:
    """Widths of the maps of conv1, pool1, pool2's successors conv3 to conv5, and pool5."""
    found: dict[str, int] = {}
    for name, layer in net.features.named_children():
        layer.register_forward_hook(
            lambda _m, _i, out, name=name: found.update({name: out.shape[2]})
        )
    with torch.inference_mode():
        net(torch.zeros(1, 3, size, size))
    return [found[n] for n in ("conv1", "pool1", "conv3", "conv4", "conv5", "pool5")]


@pytest.mark.parametrize("form", ["code", "paper"])
def test_the_2012_network_has_60965224_parameters(form: Literal["code", "paper"]) -> None:
    assert parameters(AlexNet2012(form=form)) == 60_965_224


@pytest.mark.parametrize("form", ["code", "paper"])
def test_maps_of_the_2012_network(form: Literal["code", "paper"]) -> None:
    assert widths(AlexNet2012(form=form, hidden=8).eval(), 224) == [55, 27, 13, 13, 13, 6]


def test_224_and_227_agree_where_the_overhang_reads_zeros() -> None:
    torch.manual_seed(0)
    small, large = AlexNet2012(10, 224, hidden=8).eval(), AlexNet2012(10, 227, hidden=8).eval()
    large.load_state_dict(small.state_dict())
    image = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.allclose(small(image), large(nn.functional.pad(image, (0, 3, 0, 3))))


def test_alexnet64_counts_and_maps() -> None:
    net = alexnet64().eval()
    assert parameters(net) == 5_949_000
    assert widths(net, 64) == [31, 15, 7, 7, 7, 3]
    assert net(torch.zeros(2, 3, 64, 64)).shape == (2, 200)


@pytest.mark.parametrize(
    ("make", "size", "options"),
    [
        (
            lambda: alexnet64(7),
            64,
            {"form": "code", "alpha": 0.5, "map_norm": False, "stride": 2, "padding": 4},
        ),
        (
            lambda: AlexNet2012(7, 64, hidden=16, lrn_alpha=0.3),
            64,
            {"form": "code", "alpha": 0.3, "map_norm": True, "stride": 4, "padding": 0},
        ),
        (
            lambda: AlexNet2012(7, 64, hidden=16, form="paper", lrn_alpha=0.3),
            64,
            {"form": "paper", "alpha": 0.3, "map_norm": False, "stride": 4, "padding": 0},
        ),
    ],
    ids=["alexnet64", "code", "paper"],
)
def test_equal_to_an_independent_computation(make, size, options) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(1)
    net = make().double().eval()
    for p in net.parameters():  # large enough for the norms to bite
        nn.init.normal_(p, std=0.3 if p.ndim == 1 else 2 / np.sqrt(p[0].numel()))
    image = torch.randn(3, size, size, dtype=torch.float64)
    with torch.inference_mode():
        got = net(image[None])[0].numpy()
    tensors = {name: value.numpy() for name, value in net.state_dict().items()}
    wanted, found = oracle(image.numpy(), tensors, **options)
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max())
    assert found == widths(net.float(), size)


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("beta", [0.75, 0.5])
def test_response_norm_is_torchs(size: int, beta: float) -> None:
    x = torch.randn(2, 12, 5, 4, dtype=torch.float64) * 3
    ours, theirs = ResponseNorm(size, 0.7, beta, 2.0), nn.LocalResponseNorm(size, 0.7, beta, 2.0)
    torch.testing.assert_close(ours(x), theirs(x))


def test_towers_do_not_see_each_other() -> None:
    x = torch.randn(1, 12, 3, 3)
    norm, one = ResponseNorm(alpha=0.7, towers=2), ResponseNorm(alpha=0.7)
    torch.testing.assert_close(norm(x), torch.cat([one(x[:, :6]), one(x[:, 6:])], 1))


def test_wrong_use_is_named() -> None:
    with pytest.raises(
        ValueError, match="form must be one of code, paper, caffe, caffenet, not 'book'"
    ):
        AlexNet2012(form="book")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="image_size 40 is too small"):
        AlexNet2012(image_size=40)
    with pytest.raises(ValueError, match="size must be odd, not 4"):
        ResponseNorm(4)
