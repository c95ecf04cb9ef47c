"""Looking inside an exported file: the stages' maps and the first filters; the site's own file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

from demo import Classifier
from model_export.architectures import alexnet64
from model_export.contract.card import ModelCard
from model_export.exporter import Report
from model_export.forms.taps import LAYERS
from model_export.sources.weights import WEIGHTS

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "docs" / "assets" / "models" / "alexnet64.onnx"
CPU = ["CPUExecutionProvider"]


@pytest.fixture(scope="module")
def small(forms: Callable[..., Report]) -> Report:
    """The form for the browser, exported now (`make records`)."""
    return forms("int4", "taps")


def outputs(file: Path, names: list[str] | None, batch: Any) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(file, providers=CPU)
    names = names or [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, {"image": batch}), strict=True))


@pytest.mark.parametrize(("precision", "near"), [("fp32", 2e-6), ("int8", 0.2), ("int4", 0.08)])
def test_the_taps_are_pytorchs_activations(
    precision: str, near: float, forms: Callable[..., Report]
) -> None:
    file = forms(precision, "taps").file
    net: Any = alexnet64().eval()
    net.load_state_dict(load_file(WEIGHTS))
    wanted: dict[str, Any] = {"filters": net.features.conv1.weight.detach().float().numpy()}
    relus = [layer for name, layer in net.named_modules() if name.split(".")[-1].startswith("relu")]
    for stage, layer in zip(LAYERS, relus, strict=True):
        layer.register_forward_hook(
            lambda _l, _i, out, stage=stage: wanted.update({stage: out.numpy()})
        )
    batch = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)
    with torch.inference_mode():
        wanted["logits"] = net(torch.from_numpy(batch)).numpy()
    got = outputs(file, None, batch)
    assert next(iter(got)) == "logits"
    assert set(got) == {"logits", "filters", *LAYERS}
    for name, values in got.items():
        assert values.shape == wanted[name].shape
        assert np.linalg.norm(values - wanted[name]) <= near * np.linalg.norm(wanted[name]), name


def test_the_runner_takes_a_file_with_taps(small: Report) -> None:
    with Classifier(small.file, device="cpu") as classifier:
        (answer,) = classifier.classify([ROOT / "demo" / "samples" / "espresso.jpg"])
    assert answer.top[0].label == "espresso"


def test_the_sites_file_is_what_a_fresh_export_gives(small: Report) -> None:
    """The graph to the byte; the card but for the last digits of distances, which processors move."""
    fresh, shipped = onnx.load(small.file), onnx.load(SHIPPED)
    for model in (fresh, shipped):
        del model.metadata_props[:]
    assert fresh.SerializeToString(deterministic=True) == shipped.SerializeToString(
        deterministic=True
    ), "run `make records`"
    beside = ModelCard.from_json(SHIPPED.with_suffix(".json").read_text("utf-8"))
    metadata = {p.key: p.value for p in onnx.load(SHIPPED).metadata_props}
    assert ModelCard.from_metadata(metadata, "shipped") == beside
    assert beside.labels == small.card.labels
    assert beside.input == small.card.input
    assert beside.weights == small.card.weights
    assert beside.distance is not None
    assert small.card.distance is not None
    assert beside.distance.rel_l2 == pytest.approx(small.card.distance.rel_l2, rel=0.01)


def test_taps_need_five_stages(tmp_path: Path) -> None:
    from model_export.errors import ExportError
    from model_export.forms.taps import tap_layers

    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[N] x) => (float[N] y) { y = Relu(x) }'
    )
    with pytest.raises(ExportError, match="the graph has 1 ReLUs, and five stages are wanted"):
        tap_layers(model)
