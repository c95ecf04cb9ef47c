"""What the committed network shows when it is opened: ``python -m model_export record inside``.

Runs `docs/assets/models/alexnet64.onnx` on sample pictures with ONNX Runtime and writes, for the
page "Layer by layer": the first filters and the maps of each stage as small pictures, and the
figures that the page states as `docs/data/results/inside.json`. A test runs it again and compares.

In a picture of maps each tower has its block, the first above the second. A map's brightness is
the square root of its value over a high value of the stage (of a thousand values five are higher,
and as white), so that faint maps show. The first norm stands before any ReLU: there grey is zero,
and darker is below it. A filter is stretched to the full range by itself.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_export.contract import onnx_file, samples
from model_export.contract.card import ModelCard
from model_export.contract.preprocessing import preprocess, resize_and_crop
from model_export.forms.taps import FILTERS

if TYPE_CHECKING:
    import onnxruntime

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "docs/assets/models/alexnet64.onnx"
SHOWN = ("ladybug", "lighthouse", "cat")
RESULTS = ROOT / "docs/data/results/inside.json"
PICTURES = ROOT / "docs/assets/img/inside"
GAP = 60  # grey between maps, 0 to 255: no map's silence looks like it
BRIGHTEST = 0.995
SHUFFLES = 2000
SIGNED = "norm1"
# Maps in a line of a tower's block, and the side of a square that stands for one number.
LAYOUT = {
    "filters": (12, 4),
    "norm1": (16, 1),
    "conv1": (12, 3),
    "conv2": (16, 2),
    "norm2": (16, 2),
    "pool2": (16, 4),
    "conv3": (24, 3),
    "conv4": (24, 3),
    "conv5": (16, 4),
    "pool5": (32, 4),
    "fc6": (1, 9),
    "fc7": (1, 9),
}


def opened(model: Path) -> onnxruntime.InferenceSession:
    """The network on the CPU, weights unpacked, with what it taps not as outputs too.

    These are the norms (what a pooling takes in) and the poolings.
    """
    import onnx
    import onnxruntime

    graph = onnx.load(model)
    pools = [node for node in graph.graph.node if node.op_type == "MaxPool"]
    inner = {"norm1": pools[0].input[0], "norm2": pools[1].input[0]}
    inner |= {"pool2": pools[1].output[0], "pool5": pools[2].output[0]}
    for name, tensor in inner.items():
        graph.graph.node.append(onnx.helper.make_node("Identity", [tensor], [name]))
        graph.graph.output.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        )
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    return onnxruntime.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def colour_shares(filters: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much of each filter's strength is colour, 0 to 1.

    The strength is the sum of squares; colour is what is left when the three channels are
    replaced by their average.

    Args:
        filters: (filters, 3, height, width).
    """
    wide = filters.astype(np.float64)
    grey = wide.mean(1, keepdims=True)
    rest: NDArray[np.float64] = np.square(wide - grey).sum((1, 2, 3))
    shares: NDArray[np.float64] = rest / np.square(wide).sum((1, 2, 3))
    return shares


def as_large(shares: NDArray[np.float64], shuffles: int = SHUFFLES) -> int:
    """In how many of ``shuffles`` random deals into two halves the means differ as much."""

    def gap(values: NDArray[np.float64]) -> float:
        half = len(values) // 2
        return abs(float(values[:half].mean() - values[half:].mean()))

    dealer = np.random.default_rng(0)
    return sum(gap(dealer.permutation(shares)) >= gap(shares) for _ in range(shuffles))


def sheet(name: str, maps: NDArray[np.uint8]) -> Image.Image:
    """All maps of a stage in two blocks, the first tower's above the second's.

    Args:
        name: a key of `LAYOUT`.
        maps: (maps, height, width) or, with colour, (maps, height, width, 3).
    """
    across, scale = LAYOUT[name]
    towers = np.split(maps, 2)
    blocks = []
    for tower in towers:
        framed = np.pad(
            tower, [(0, 0), (1, 0), (1, 0), *[(0, 0)] * (maps.ndim - 3)], constant_values=GAP
        )
        lines = [np.concatenate(list(row), 1) for row in np.split(framed, len(framed) // across)]
        blocks.append(np.concatenate(lines, 0))
    space = np.full((4, *blocks[0].shape[1:]), GAP, np.uint8)
    whole = np.concatenate([blocks[0], space, blocks[1]], 0)
    return Image.fromarray(whole.repeat(scale, 0).repeat(scale, 1))


def _filters(weights: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = (bound(weights, axis=(1, 2, 3), keepdims=True) for bound in (np.min, np.max))
    stretched = (weights - low) / (high - low)
    return _grey(stretched.transpose(0, 2, 3, 1))


def _maps(values: NDArray[np.float32], signed: bool) -> NDArray[np.uint8]:
    """Brightness of a stage's maps; the units of a fully connected layer become two rectangles."""
    if values.ndim == 1:
        values = values.reshape(2, 8, -1)
    size = np.abs(values)
    high = max(float(np.quantile(size, BRIGHTEST)), 1e-9)
    shares = np.sqrt(np.minimum(size / high, 1))
    return _grey((1 + np.copysign(shares, values)) / 2 if signed else shares)


def _grey(shares: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Numbers from 0 to 1 as bytes."""
    found: NDArray[np.uint8] = np.rint(shares * 255).astype(np.uint8)
    return found


def look(model: Path = MODEL) -> tuple[dict[str, Any], dict[str, Image.Image]]:
    """The figures as JSON holds them, and the pictures by their file names.

    Raises:
        CardError: the file carries no card.
    """
    session = opened(model)
    card = ModelCard.from_metadata(session.get_modelmeta().custom_metadata_map, str(model))
    names = [*(name for name in LAYOUT if name != FILTERS), card.output]
    rows, pictures = [], {}
    weights = np.empty(0, np.float32)
    for shown in SHOWN:
        with Image.open(samples.FOLDER / f"{shown}.jpg") as file:
            image = file.convert("RGB")
        pictures[f"{shown}.webp"] = resize_and_crop(image, card.input)
        feed = {card.input.name: preprocess(image, card.input)[None]}
        weights, *found = session.run([FILTERS, *names], feed)
        seen = dict(zip(names, (value[0] for value in found), strict=True))
        logits = seen.pop(card.output)
        chances = np.exp((logits - logits.max()) / card.temperature)
        chances /= chances.sum()
        rows.append(
            {
                "picture": shown,
                "silent": {
                    name: round(float((values == 0).mean()), 4)
                    for name, values in seen.items()
                    if name != SIGNED
                },
                "top": [
                    {"label": card.labels[i].name, "probability": round(float(chances[i]), 4)}
                    for i in np.argsort(-chances)[:5]
                ],
            }
        )
        for name, values in seen.items():
            pictures[f"{shown}-{name}.webp"] = sheet(name, _maps(values, name == SIGNED))
    pictures["filters.webp"] = sheet("filters", _filters(weights))
    shares = colour_shares(weights)
    first, second = (float(half.mean()) for half in np.split(shares, 2))
    content = {
        "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "network": card.title,
        "rows": rows,
        "colour": {
            "first": round(first, 4),
            "second": round(second, 4),
            "shares": [round(float(share), 4) for share in shares],
            "shuffles": SHUFFLES,
            "as_large": as_large(shares),
        },
    }
    return content, pictures


def main(model: Path = MODEL) -> None:
    """Write the pictures and the figures of the page "Layer by layer"."""
    onnx_file.read(model)  # raises where it is no model
    found, pictures = look(model)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        picture.save(PICTURES / name, lossless=True, quality=60, method=4)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
