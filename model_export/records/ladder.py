"""The ladder: fits its two lower rungs and measures all three, for the page of that name.

    python -m model_export record ladder TINY_IMAGENET

Needs the 100,000 training pictures and the extra ``ladder`` (scikit-learn). Writes the lower rungs'
file `docs/assets/models/ladder.safetensors`, what each rung sees of three samples, and
`docs/data/results/ladder.json`. About half an hour of one core. Nothing is chosen by looking at
validation pictures: rates and ingredients are compared on training pictures that are held out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model_export.contract import samples, sessions
from model_export.contract.card import ModelCard
from model_export.contract.intervals import wilson
from model_export.contract.labels import tiny_imagenet
from model_export.contract.preprocessing import preprocess, resize_and_crop
from model_export.contract.tiny_imagenet import Split, TinyImageNet
from model_export.ladder import features, training
from model_export.ladder.rungs import PARTS, Encoder, Linear, Rungs, load
from model_export.ladder.training import Recipe
from model_export.records.inside import SHOWN
from model_export.sources import weights
from model_export.sources.weights import file_hash

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "docs/assets/models/ladder.safetensors"
ALEXNET = ROOT / "docs/assets/models/alexnet64.onnx"
PLANS = ROOT / "docs/data/results/plans.json"
RESULTS = ROOT / "docs/data/results/ladder.json"
PICTURES = ROOT / "docs/assets/img/ladder"
CLASSES = 200
EPOCHS = 6
STEPS = 250  # at least, where the pictures are few
RATES = {"pixels": (1e-3, 3e-3), "fisher": (3e-4, 1e-3)}  # of which the held-out pictures choose
CHOOSING = 10_000  # pictures, at most, that teach while a rate is chosen
HELD = 20  # training pictures of each class that choose and compare
SUBSET = 20  # pictures of each class that teach where ingredients are compared
COUNTS = (1_000, 10_000, 100_000)

Logits = NDArray[np.floating[Any]]
Say = Callable[[str], None]

SHIPPED = Recipe()
PLAIN = Recipe(kept={"shape": 40}, place=0.0, scales=(2,), normalise=False)
INGREDIENTS: dict[str, tuple[str, Recipe]] = {
    "plain": ("Gradient histograms, one patch size, Fisher vectors", PLAIN),
    "root": ("and square root", replace(PLAIN, normalise=True)),
    "scales": ("and three patch sizes", replace(PLAIN, normalise=True, scales=SHIPPED.scales)),
    "place": ("and the patch's place", replace(SHIPPED, kept={"shape": 40})),
    "colour": ("and colour: the second rung as it runs here", SHIPPED),
    "pyramid": (
        "the same with a spatial pyramid in place of the patch's place",
        replace(SHIPPED, place=0.0, pyramid=True),
    ),
}


def scores(found: Logits, truth: NDArray[np.int64]) -> dict[str, Any]:
    """Top-1 and top-5 in percent with their intervals."""
    place = ranks(found, truth)
    count = len(truth)
    return {
        "top1": asdict(wilson(int((place == 1).sum()), count)),
        "top5": asdict(wilson(int((place <= 5).sum()), count)),
    }


def ranks(found: Logits, truth: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of the right class among the guesses, from 1."""
    own = np.take_along_axis(found, truth[:, None], 1)
    place: NDArray[np.int64] = (found > own).sum(1) + 1
    return place


def first(split: Split, each: int) -> Split:
    """The first ``each`` pictures of every class."""
    chosen = np.concatenate(
        [np.flatnonzero(split.labels == label)[:each] for label in np.unique(split.labels)]
    )
    return Split(split.images[chosen], split.labels[chosen])


def ingredients(learn: Split, held: Split, say: Say = print) -> list[dict[str, Any]]:
    """What each ingredient of the second rung gives: few pictures, tested on held-out ones.

    To be cheap: codebooks of fewer patches as well, and one rate for all.
    """
    some = first(learn, SUBSET)
    rows = []
    for name, (words, recipe) in INGREDIENTS.items():
        maker = training.encoder(some.images, replace(recipe, patches=50_000))
        x, y = (training.encode(maker, part.images) for part in (some, held))
        classifier = training.linear(x, some.labels, RATES["fisher"][0], epochs(len(x)))
        found = scores(training.logits(classifier, y), held.labels)
        rows.append({"name": name, "words": words, "numbers": x.shape[1], **found})
        say(f"{words}: {x.shape[1]} numbers, {rows[-1]['top1']['percent']:.1f} %")
    return rows


def epochs(pictures: int) -> int:
    """How often each of so many pictures is seen."""
    return max(EPOCHS, -(-STEPS * training.SHARE // pictures))


def taught(
    x: NDArray[Any],
    labels: NDArray[np.int64],
    count: int,
    held: NDArray[Any],
    truth: NDArray[np.int64],
    rates: tuple[float, ...],
) -> Linear:
    """A classifier of the first ``count`` pictures, at the rate that held-out ones choose.

    Args:
        x, labels: the training pictures without those that are held out, in an order in which
            each class comes equally often.
    """
    some = min(count, CHOOSING)
    rate = training.chosen_rate(x[:some], labels[:some], held, truth, rates, epochs(some))
    if count > len(x):  # all: those that chose may teach now
        x, labels = np.concatenate([x, held]), np.concatenate([labels, truth])
    return training.linear(x[:count], labels[:count], rate, epochs(count))


def alexnet(images: NDArray[np.uint8]) -> Logits:
    """Logits of the file that the site runs, for pictures (N, 64, 64, 3)."""
    session = sessions.on_cpu(ALEXNET)
    card = ModelCard.from_metadata(session.get_modelmeta().custom_metadata_map, str(ALEXNET))
    found = []
    for start in range(0, len(images), 100):
        batch = [
            preprocess(Image.fromarray(one), card.input) for one in images[start : start + 100]
        ]
        found.append(session.run([card.output], {card.input.name: np.stack(batch)})[0])
    return np.concatenate(found)


def multiply_adds(maker: Encoder, numbers: int) -> int:
    """Of the second rung, a picture: projecting, the words, the sums, the classifier."""
    patches = len(features.places(maker.scales))
    total = numbers * CLASSES
    for book in maker.books.values():
        gaussians, width = book.means.shape
        total += patches * (book.axes.size + 4 * gaussians * width)
    return total


def rung_costs(maker: Encoder, numbers: int) -> dict[str, dict[str, int]]:
    """Multiply-adds to answer one picture, and to learn, by rung. Counted, not timed.

    A step of training costs three times an answer in the network (forward, and back to inputs and
    to weights), twice in a linear classifier, which has no inputs to go back to. Trying several
    rates is not counted, and neither is fitting the codebook.
    """
    pictures = COUNTS[-1]
    own = next(r for r in json.loads(PLANS.read_text("utf-8"))["rows"] if r["name"] == "alexnet64")
    dense = sum(row["multiply_adds"] for row in own["layers"] if row["kind"] == "fc")
    maps = own["multiply_adds"] - dense
    shrunk = sum(3 * (maps * (r["size"] / 64) ** 2 + dense) for r in weights.training()["curve"])
    small, fisher = features.SMALL**2 * 3 * CLASSES, multiply_adds(maker, numbers)
    return {
        "pixels": {"run": small, "train": pictures * EPOCHS * 2 * small},
        "fisher": {
            "run": fisher,
            "train": pictures * (fisher - numbers * CLASSES + EPOCHS * 2 * numbers * CLASSES),
        },
        "alexnet64": {"run": own["multiply_adds"], "train": round(pictures * shrunk)},
    }


def sample_rows(rungs: Rungs) -> list[dict[str, Any]]:
    """Each sample's five guesses by each lower rung, and the likeness of each class."""
    labels = tiny_imagenet()
    rows = []
    for photograph in samples.photographs():
        found = rungs.answers(seen(photograph)[None])
        guesses = {}
        for name, (logits,) in found.items():
            share = np.exp(logits - logits.max())
            share /= share.sum()
            guesses[name] = [
                {
                    "label": labels[i].name,
                    "wnid": labels[i].wnid,
                    "probability": round(float(share[i]), 6),
                }
                for i in np.argsort(-share)[:5]
            ]
        rows.append({"file": photograph.name, **guesses})
    return rows


def seen(photograph: Path) -> NDArray[np.uint8]:
    """The 64x64 pixels that every rung gets of a photograph."""
    with Image.open(photograph) as file:
        rule = ModelCard.from_metadata(
            sessions.on_cpu(ALEXNET).get_modelmeta().custom_metadata_map, str(ALEXNET)
        ).input
        return np.asarray(resize_and_crop(file.convert("RGB"), rule))


def drawn(image: NDArray[np.uint8], maker: Encoder) -> dict[str, Image.Image]:
    """What the lower rungs see of 64x64 pixels, 256x256 each: pixels, gradients, words."""
    small = features.pixels(image[None]).reshape(features.SMALL, features.SMALL, 3)
    blocks = Image.fromarray(np.rint(small * 255).astype(np.uint8))
    return {
        "pixels": blocks.resize((256, 256), Image.Resampling.NEAREST),
        "gradients": _stars(features.cells(features.gradients(image[None]), 2)[0, ::2, ::2]),
        "words": _mosaic(image, maker),
    }


def _stars(cells: NDArray[Any]) -> Image.Image:
    """A stroke across each of eight directions in each of 16x16 cells, along the edge."""
    side = 16
    canvas = Image.new("L", (2 * side * side, 2 * side * side))
    draw = ImageDraw.Draw(canvas)
    high = max(float(np.quantile(cells, 0.99)), 1e-9)
    order = sorted(np.ndindex(cells.shape), key=lambda at: float(cells[at]))
    for y, x, direction in order:
        share = min(float(cells[y, x, direction]) / high, 1.0)
        angle = direction * 2 * math.pi / features.DIRECTIONS + math.pi / 2
        reach = side * 0.95 * math.sqrt(share)
        middle = (2 * x + 1) * side, (2 * y + 1) * side
        step = reach * math.cos(angle), reach * math.sin(angle)
        ends = [middle[0] - step[0], middle[1] - step[1], middle[0] + step[0], middle[1] + step[1]]
        draw.line(ends, fill=round(255 * math.sqrt(share)), width=3)
    return canvas.resize((256, 256), Image.Resampling.BOX)


def _mosaic(image: NDArray[np.uint8], maker: Encoder) -> Image.Image:
    """The likeliest word of each patch of the smallest size, a hue a word."""
    squares, describe = PARTS["shape"]
    patches = describe(squares(image[None], np.float64), features.SCALES[0])
    places = features.places(features.SCALES[:1])
    book = maker.books["shape"]
    likeliest = book.words(book.project(patches, places))[0].argmax(1)
    side = math.isqrt(len(likeliest))
    hues = Image.new("HSV", (side, side))
    hues.putdata([word_colour(int(word), len(book.weights)) for word in likeliest])
    return hues.convert("RGB").resize((256, 256), Image.Resampling.NEAREST)


def word_colour(word: int, count: int) -> tuple[int, int, int]:
    """Hue, saturation and value, 0 to 255, of one of ``count`` words."""
    return (word * 256 // count, 110 + 60 * (word % 2), 150 + 50 * (word % 3 == 0))


def assemble(parts: dict[str, Any]) -> None:
    """Write the results file and the pictures from what was measured and the rungs' file."""
    rungs = load(MODEL)
    numbers = len(rungs.fisher.weight)
    held = parts.pop("logits")
    truth = parts.pop("truth")
    place = {name: ranks(logits, truth) for name, logits in held.items()}
    costs = rung_costs(rungs.encoder, numbers)
    labels = tiny_imagenet()
    right = {name: place[name] == 1 for name in place}
    by_class = [
        {"label": label.name, "wnid": label.wnid}
        | {name: int(right[name][truth == i].sum()) for name in right}
        for i, label in enumerate(labels)
    ]
    results = {
        "model_sha256": file_hash(MODEL),
        "model_bytes": MODEL.stat().st_size,
        "alexnet_sha256": file_hash(ALEXNET),
        "test_pictures": len(truth),
        "training_pictures": COUNTS[-1],
        "held_out": HELD * CLASSES,
        "subset": SUBSET * CLASSES,
        "patches": len(features.places()),
        "gaussians": SHIPPED.gaussians,
        "numbers": numbers,
        "rungs": {
            name: {**scores(held[name], truth), "multiply_adds": costs[name]} for name in held
        },
        "only": {
            "fisher": int((right["fisher"] & ~right["alexnet64"]).sum()),
            "alexnet64": int((right["alexnet64"] & ~right["fisher"]).sum()),
            "both": int((right["alexnet64"] & right["fisher"]).sum()),
            "neither": int((~right["alexnet64"] & ~right["fisher"]).sum()),
        },
        "classes": by_class,
        **parts,
        "samples": sample_rows(rungs),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in SHOWN:
        for kind, picture in drawn(seen(samples.FOLDER / f"{name}.jpg"), rungs.encoder).items():
            picture.save(PICTURES / f"{name}-{kind}.webp", lossless=True, quality=60, method=4)


def measure(data: TinyImageNet, say: Say = print) -> dict[str, Any]:
    """Fit and write the rungs; what was measured of them."""
    every, test = data.load("train"), data.load("val")
    learn, held = every.split(HELD)
    say(f"{len(every.labels)} training pictures, {len(test.labels)} to test")
    maker = training.encoder(every.images, SHIPPED)
    order = np.argsort(np.tile(np.arange(len(learn.labels) // CLASSES), CLASSES), kind="stable")
    curve: dict[str, list[dict[str, Any]]] = {}
    final: dict[str, Linear] = {}
    encoders: dict[str, Callable[[NDArray[np.uint8]], NDArray[Any]]] = {
        "pixels": features.pixels,
        "fisher": partial(training.encode, maker),
    }
    for name, encode in encoders.items():
        x, y, z = (encode(part.images) for part in (learn, held, test))
        say(f"{name}: encoded")
        curve[name] = []
        for count in COUNTS:
            final[name] = taught(x[order], learn.labels[order], count, y, held.labels, RATES[name])
            found = scores(training.logits(final[name], z), test.labels)
            curve[name].append({"pictures": count, **found})
            say(f"{name}, {count}: {found['top1']['percent']:.2f} %")
        final[name] = final[name].quantised()
    Rungs(final["pixels"], maker, final["fisher"]).save(MODEL)
    return {"curve": curve, "ingredients": ingredients(learn, held, say), **tested(test)}


def tested(test: Split) -> dict[str, Any]:
    """Logits of the three files, as they run on the site, for the test pictures."""
    rungs = load(MODEL)
    return {
        "truth": test.labels,
        "logits": {
            "pixels": training.logits(rungs.pixels, features.pixels(test.images)),
            "fisher": training.logits(rungs.fisher, training.encode(rungs.encoder, test.images)),
            "alexnet64": alexnet(test.images),
        },
    }


def main(data: Path) -> None:
    """Fit the lower rungs, measure all three; ``data`` is Tiny ImageNet with its training."""
    assemble(measure(TinyImageNet(data)))
