"""What the atlas says of each unit and class: ``python -m model_export record atlas DATA``.

Everything is computed by the network itself in float32, on the portraits as they were written, on
the sample photographs, and on the 10,000 validation pictures of Tiny ImageNet, which may not be
shown; a JSON file a layer, beside the sheets. A unit's answer to a picture is the highest value of
its map before the ReLU; a class's is its logit less the mean of all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from model_export.architectures import AlexNet2012
from model_export.contract import samples
from model_export.contract.labels import tiny_imagenet
from model_export.contract.preprocessing import preprocess, to_tensor
from model_export.contract.tiny_imagenet import TinyImageNet
from model_export.errors import ExportError
from model_export.records.portraits import (
    CLASSES,
    FC_SHOWN,
    FOLDER,
    LAYERS,
    QUALITY,
    RULE,
    SEED,
    Layer,
    compose,
    cut,
    sheet_path,
    sheets,
)
from model_export.sources.weights import WEIGHTS, file_hash, load_alexnet64

BATCH = 100
SHOWN_SAMPLES, SHOWN_CLASSES, SHOWN_LINKS = 4, 5, 6
NEIGHBOURS = 2
# The square of the picture that the number at row r depends on: from r * stride + offset, `field`
# wide. Beyond the picture there are zeros.
FIELDS = {
    "conv1": (11, 2, -4),
    "conv2": (31, 4, -12),
    "conv3": (55, 8, -20),
    "conv4": (71, 8, -28),
    "conv5": (87, 8, -36),
}
# A row for the front page, chosen by eye.
FACES = (
    "goldfish",
    "monarch",
    "king penguin",
    "orange",
    "school bus",
    "brown bear",
    "ladybug",
    "sports car",
)
ORDER = (*FIELDS, "fc6", "fc7", CLASSES)


def stages(net: AlexNet2012, x: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Each layer's values before the ReLU for normalised pictures (N, 3, 64, 64), first to last.

    (N, units, height, width); one by one of a fully connected layer and of the classes. Units
    without a portrait are left out.
    """
    for name, module in net.features.named_children():
        x = module(x)
        if name in LAYERS:
            yield name, x
    x = x.flatten(1)
    for name, module in net.classifier.named_children():
        x = module(x)
        if name in LAYERS:
            yield name, x[:, list(LAYERS[name].units), None, None]
    yield CLASSES, (x - x.mean(1, keepdim=True))[:, :, None, None]


def maps(net: AlexNet2012, layer: Layer, x: Tensor) -> Tensor:
    """One of `stages`."""
    return next(values for name, values in stages(net, x) if name == layer.name)


def answers(net: AlexNet2012, layer: Layer, pictures: Tensor) -> Tensor:
    """The highest value of each unit's map, (N, units)."""
    return torch.cat([maps(net, layer, part).amax((2, 3)) for part in torch.split(pictures, BATCH)])


def seen(layer: Layer, tiles: NDArray[np.uint8]) -> Tensor:
    """What the network is given of tiles (N, TILE, TILE, 3): where a unit sees a part alone, the
    portrait lies on a ground of the mean colour."""
    made = np.zeros((len(tiles), 3, RULE.size, RULE.size), np.float32)
    part = np.empty((3, layer.sees, layer.sees), np.float32)
    to = slice(layer.start, layer.start + layer.sees)
    for i, tile in enumerate(tiles):
        small = Image.fromarray(tile).resize((layer.sees, layer.sees), Image.Resampling.BILINEAR)
        to_tensor(np.asarray(small), RULE, part)
        made[i, :, to, to] = part
    return torch.from_numpy(made)


def photographs() -> tuple[list[str], Tensor]:
    """The sample photographs: names, and what the network is given."""
    names, made = [], []
    for path in samples.photographs():
        with Image.open(path) as file:
            made.append(preprocess(file.convert("RGB"), RULE))
        names.append(path.stem)
    return names, torch.from_numpy(np.stack(made))


def links(net: AlexNet2012, name: str) -> Tensor:
    """How strongly each unit of a layer is tied to each of the layer before, (units, units before).

    The share that the other has of the length of all the unit's weights, with the sign of their
    sum. Units that have no portrait are left out.
    """
    module = net.get_submodule(f"classifier.{'fc8' if name == CLASSES else name}" if name[0] != "c"
                               or name == CLASSES else f"features.{name}")  # fmt: skip
    assert isinstance(module, (nn.Conv2d, nn.Linear))
    weight = module.weight.detach()
    if isinstance(module, nn.Conv2d):
        parts = weight.flatten(2)  # (units, units of a tower, places)
        if module.groups > 1:
            each, before = len(parts) // module.groups, parts.shape[1]
            wide = parts.new_zeros(len(parts), before * module.groups, parts.shape[2])
            for tower in range(module.groups):
                rows = slice(tower * each, (tower + 1) * each)
                wide[rows, tower * before : (tower + 1) * before] = parts[rows]
            parts = wide
    elif name == "fc6":
        parts = weight.reshape(len(weight), 256, -1)
    else:
        parts = weight[:, :, None]
    lengths = parts.norm(dim=2)
    found: Tensor = lengths / lengths.sum(1, keepdim=True) * parts.sum(2).sign()
    if name in ("fc6", "fc7"):
        found = found[list(FC_SHOWN)]
    return found[:, list(FC_SHOWN)] if name in ("fc7", CLASSES) else found


def strongest(tied: Tensor, units: Sequence[int]) -> list[list[list[float]]]:
    """Of each row the `SHOWN_LINKS` largest: the other unit's number, and its share, per mille."""
    order = tied.abs().argsort(1, descending=True)[:, :SHOWN_LINKS]
    return [
        [[units[int(j)], round(1000 * float(tied[i, j]), 1)] for j in row if tied[i, j] != 0]
        for i, row in enumerate(order)
    ]


def measure(
    net: AlexNet2012, layers: Sequence[Layer], dataset: TinyImageNet
) -> Iterator[dict[str, Any]]:
    """All that the atlas says of some layers, as JSON holds it."""
    names, pictures = photographs()
    with torch.no_grad():
        validation = _validation(net, layers, dataset)
    for layer in layers:
        with torch.no_grad():
            of_portraits = answers(net, layer, seen(layer, cut(layer))).diagonal()
            of_samples = answers(net, layer, pictures)
            values = maps(net, layer, pictures)
        seen_there = validation[layer.name]
        found: dict[str, Any] = {
            "layer": layer.name,
            "weights_sha256": file_hash(WEIGHTS),
            "seed": SEED,
            "units": list(layer.units),
            "sheets": [
                {"file": sheet_path(layer, number).name, "units": [units[0], units[-1], len(units)]}
                for number, units in enumerate(sheets(layer))
            ],
            "answer": _rounded(of_portraits),
            "best_sample": _rounded(of_samples.amax(0)),
            "best_photograph": _rounded(seen_there["answers"].amax(0)),
            "samples": names,
            "reads": _reads(net, layer.name),
        }
        if layer.name == CLASSES:
            yield found | _classes(seen_there) | {"near": near(net, pictures)}
            continue
        places, width = values.flatten(2).argmax(2), values.shape[3]
        order = of_samples.T.argsort(1, descending=True)[:, :SHOWN_SAMPLES]
        yield found | {
            "field": FIELDS.get(layer.name),
            # The sample's number, row and column of the highest value, and that value.
            "moved_by": [
                [
                    [int(k), *divmod(int(places[k, i]), width), round(float(of_samples[k, i]), 2)]
                    for k in row
                ]
                for i, row in enumerate(order)
            ],
            "silent": _rounded(seen_there["silent"], 4),
            "classes": _served(seen_there),
            "read_by": _read_by(net, layer.name),
        }


def near(net: AlexNet2012, pictures: Tensor) -> list[list[int]]:
    """Of each picture the `NEIGHBOURS` nearest others, by Euclidean distance in fc7 after its ReLU.

    As figure 4 of the paper compares pictures.
    """
    last = [name for name, _ in net.classifier.named_children()].index("relu7") + 1
    with torch.no_grad():
        hidden = net.classifier[:last](net.features(pictures).flatten(1))
    apart = torch.cdist(hidden, hidden).fill_diagonal_(torch.inf)
    found: list[list[int]] = apart.argsort(1)[:, :NEIGHBOURS].tolist()
    return found


def weaker(found: Mapping[str, Any]) -> list[int]:
    """The units whose portrait moves them no more than some sample photograph does."""
    rows = zip(found["units"], found["answer"], found["best_sample"], strict=True)
    return [unit for unit, portrait, sample in rows if portrait <= sample]


def main(data: Path) -> None:
    """Measure the units of all layers whose portraits were grown, and write it beside them.

    Args:
        data: Tiny ImageNet, folder or zip.

    Raises:
        ExportError: a portrait moves its unit no more than a sample photograph does.
    """
    dataset = TinyImageNet(data)
    torch.set_num_threads(1)
    net = load_alexnet64().requires_grad_(False)
    grown = [layer for layer in LAYERS.values() if sheet_path(layer, 0).exists()]
    for found in measure(net, grown, dataset):
        name, weak = found["layer"], weaker(found)
        if weak:
            raise ExportError(f"{name}: weaker than a sample photograph: {weak}")
        text = json.dumps(found, separators=(",", ":"))
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    classes = [label.name for label in tiny_imagenet()]
    faces = cut(LAYERS[CLASSES])[[classes.index(face) for face in FACES]]
    compose(faces).save(FOLDER / "faces.webp", quality=QUALITY, method=6)


def _rounded(values: Tensor, digits: int = 3) -> list[float]:
    return [round(float(value), digits) for value in values]


def _reads(net: AlexNet2012, name: str) -> list[list[list[float]]]:
    if name == "conv1":
        return []
    before = LAYERS[ORDER[ORDER.index(name) - 1]]
    return strongest(links(net, name), before.units)


def _read_by(net: AlexNet2012, name: str) -> list[list[list[float]]]:
    after = LAYERS[ORDER[ORDER.index(name) + 1]]
    return strongest(links(net, after.name).T, after.units)


def _batches(dataset: TinyImageNet) -> Iterator[tuple[Tensor, NDArray[np.int64]]]:
    """The validation pictures as the network sees them, with their classes in its order."""
    split = dataset.load("val")
    order = {label.wnid: i for i, label in enumerate(tiny_imagenet())}
    ours = np.array([order[wnid] for wnid in dataset.wnids])[split.labels]
    made = np.empty((BATCH, 3, RULE.size, RULE.size), np.float32)
    for start in range(0, len(split.labels), BATCH):
        part = split.images[start : start + BATCH]
        for i, pixels in enumerate(part):
            to_tensor(pixels, RULE, made[i])
        yield torch.from_numpy(made[: len(part)]), ours[start : start + BATCH]


def _validation(
    net: AlexNet2012, layers: Sequence[Layer], dataset: TinyImageNet
) -> dict[str, dict[str, Any]]:
    """Of some layers, each unit's answers to the validation pictures, the share of places where it
    is silent, and the pictures' classes."""
    wanted = {layer.name for layer in layers}
    answered: dict[str, list[Tensor]] = {name: [] for name in wanted}
    silent: dict[str, list[Tensor]] = {name: [] for name in wanted}
    labels = []
    for pictures, truth in _batches(dataset):
        for name, values in stages(net, pictures):
            if name in wanted:
                answered[name].append(values.amax((2, 3)))
                silent[name].append((values <= 0).float().mean((2, 3)))
        labels.append(truth)
    return {
        name: {
            "answers": torch.cat(answered[name]),
            "silent": torch.cat(silent[name]).mean(0),
            "labels": np.concatenate(labels),
        }
        for name in wanted
    }


def _served(validation: Mapping[str, Any]) -> list[list[int]]:
    """The classes whose pictures each unit answers to most, on average."""
    answer, truth = validation["answers"].clamp(min=0), validation["labels"]
    means = torch.stack([answer[truth == k].mean(0) for k in range(len(LAYERS[CLASSES].units))])
    found: list[list[int]] = means.T.argsort(1, descending=True)[:, :SHOWN_CLASSES].tolist()
    return found


def _classes(validation: Mapping[str, Any]) -> dict[str, Any]:
    """Of each class: its pictures, how many were right at once and within five guesses, and what
    its pictures were taken for, and which others were taken for it, most often."""
    order = validation["answers"].argsort(1, descending=True)[:, :5].numpy()
    truth = validation["labels"]
    counts = np.zeros((200, 200), np.int64)
    np.add.at(counts, (truth, order[:, 0]), 1)
    wrong = counts * (1 - np.eye(200, dtype=np.int64))

    def most(row: NDArray[np.int64]) -> list[list[int]]:
        ranked = np.argsort(-row, kind="stable")[:SHOWN_CLASSES]
        return [[int(k), int(row[k])] for k in ranked if row[k]]

    return {
        "count": np.bincount(truth, minlength=200).tolist(),
        "top1": counts.diagonal().tolist(),
        "top5": [int((order[truth == k] == k).sum()) for k in range(200)],
        "taken_for": [most(row) for row in wrong],
        "mistaken": [most(row) for row in wrong.T],
    }
