"""The ladder: fits its two lower rungs and measures all three, for the page of that name.

    python -m model_export record ladder TINY_IMAGENET [FOLDER]

Needs the 100,000 training pictures and the extra ``ladder`` (scikit-learn). Writes the lower rungs'
file `docs/assets/models/ladder.safetensors`, what the rungs see of some samples, and
`docs/data/results/ladder.json`. About three quarters of an hour of one core. Nothing is chosen by
looking at validation pictures: rates and ingredients are compared on training pictures that are
held out. With a FOLDER it is a rehearsal: the same with few pictures, in some minutes, written
there instead of in `docs`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

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
from model_export.training.recipe import Recipe as TrainingRecipe

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MODEL = DOCS / "assets/models/ladder.safetensors"
ALEXNET = ROOT / "docs/assets/models/alexnet64.onnx"
PLANS = ROOT / "docs/data/results/plans.json"
RESULTS = DOCS / "data/results/ladder.json"
PICTURES = DOCS / "assets/img/ladder"
CLASSES = 200
EPOCHS = 6
RATES = {"pixels": (1e-3, 3e-3), "fisher": (3e-4, 1e-3)}  # of which the held-out pictures choose
CHOOSING = 10_000  # pictures, at most, that teach while a rate is chosen
LOWER = ("pixels", "fisher")
FULL = 500, 375  # pixels of a photograph, to say how many patches one would give

Logits = NDArray[np.floating[Any]]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is learned.

    Args:
        counts: of pictures that a rung learns from. The last are all.
        epochs: of the third rung, for each count but the last, which it has learned already.
        held: training pictures of each class that choose and compare.
        subset: pictures of each class that teach where ingredients are compared.
        steps: of a lower rung's classifier, at least, where the pictures are few.
        patches: to which a codebook is fitted.
        test: validation pictures.
        views: sides of the squares that are cut from samples, as shares of the shorter side.
    """

    counts: tuple[int, ...] = (1_000, 10_000, 100_000)
    epochs: tuple[int, ...] = (60, 12)
    held: int = 20
    subset: int = 20
    steps: int = 250
    patches: int = 200_000
    test: int = 10_000
    views: tuple[float, ...] = (1.0, 0.85, 0.7)


WHOLE = Plan()
REHEARSAL = Plan(
    (64, 128, 400), (1, 1), held=1, subset=1, steps=3, patches=3000, test=200, views=(0.7,)
)
SHIPPED = Recipe()
PLAIN = Recipe(kept={"shape": 40}, place=0.0, scales=(2,), root=False, length=False)
LENGTH = replace(PLAIN, length=True)
ROOT_TOO = replace(LENGTH, root=True)
INGREDIENTS: dict[str, tuple[str, Recipe]] = {
    "plain": ("Gradient histograms, one patch size, Fisher vectors", PLAIN),
    "length": ("and vectors of length one", LENGTH),
    "root": ("and square root", ROOT_TOO),
    "scales": ("and three patch sizes", replace(ROOT_TOO, scales=SHIPPED.scales)),
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


def ingredients(learn: Split, held: Split, plan: Plan, say: Say) -> list[dict[str, Any]]:
    """What each ingredient of the second rung gives: few pictures, tested on held-out ones.

    To be cheap: codebooks of fewer patches as well, and one rate for all.
    """
    some = first(learn, plan.subset)
    rows = []
    for name, (words, recipe) in INGREDIENTS.items():
        maker = training.encoder(some.images, replace(recipe, patches=plan.patches // 4))
        x, y = (training.encode(maker, part.images) for part in (some, held))
        classifier = training.linear(x, some.labels, RATES["fisher"][0], epochs(len(x), plan.steps))
        found = scores(training.logits(classifier, y), held.labels)
        rows.append({"name": name, "words": words, "numbers": x.shape[1], **found})
        say(f"{words}: {x.shape[1]} numbers, {rows[-1]['top1']['percent']:.1f} %")
    return rows


def epochs(pictures: int, steps: int) -> int:
    """How often each of so many pictures is seen, so that there are as many steps."""
    return max(EPOCHS, -(-steps * training.SHARE // pictures))


def taught(
    x: NDArray[Any],
    labels: NDArray[np.int64],
    count: int,
    held: NDArray[Any],
    truth: NDArray[np.int64],
    rates: tuple[float, ...],
    steps: int,
) -> Linear:
    """A classifier of the first ``count`` pictures, at the rate that held-out ones choose.

    Args:
        x, labels: the training pictures without those that are held out, in an order in which
            each class comes equally often.
    """
    some = min(count, CHOOSING)
    rate = training.chosen_rate(x[:some], labels[:some], held, truth, rates, epochs(some, steps))
    if count > len(x):  # all: those that chose may teach now
        x, labels = np.concatenate([x, held]), np.concatenate([labels, truth])
    return training.linear(x[:count], labels[:count], rate, epochs(count, steps))


def taught_alexnet(few: Split, epochs: int, test: Split, say: Say) -> dict[str, Any]:
    """The third rung learned from few pictures: a row of the curve.

    From random weights, on the first pictures of every class, as the lower rungs do. The recipe is
    that of the bundled weights' first run as far as the trainer has its settings, with a lower
    rate, which few steps need. Nothing is chosen by looking at pictures: the last epoch counts.
    """
    import torch

    from model_export.training.run import Run, centre_view

    torch.set_num_threads(1)  # of small batches two threads make less, not more
    count, recipe = len(few.labels), few_pictures(epochs)
    run = Run(few, test, Path(), recipe, "cpu")
    for epoch in range(recipe.epochs):
        losses = [loss for _, loss in run.epoch()]
        run.curve.append({"loss": sum(losses) / len(losses)})
        say(f"alexnet64, {count}: epoch {epoch + 1}, loss {run.curve[-1]['loss']:.3f}")
    net, batches = run.settled(), np.split(test.images, range(250, len(test.images), 250))
    with torch.inference_mode():
        found = np.concatenate([net(centre_view(batch, "cpu")).numpy() for batch in batches])
    row = {"pictures": count, "epochs": recipe.epochs, **scores(found, test.labels)}
    say(f"alexnet64, {count}: {row['top1']['percent']:.2f} %")
    return row


def few_pictures(epochs: int) -> TrainingRecipe:
    """The recipe by which the third rung learns from few pictures, each seen so often."""
    return replace(
        TrainingRecipe(),
        epochs=epochs,
        sizes=((0, 40), (-max(1, epochs // 10), 64)),
        batch=64,
        shards=1,
        lr=0.05,
        warmup_epochs=epochs / 20,
        decay_epochs=epochs * 0.7,
        dropout=0.3,
        crop_area=(0.4, 1.0),
        rotation=0.0,
        colour_jitter=0.2,
        grey=0.0,
        blur=0.0,
        jpeg=0.0,
        solarise=0.0,
        mix=0.0,
        ema_decay=0.99,
        held_out=0,
    )


@cache
def alexnet_card() -> ModelCard:
    """The card of the file that the site runs."""
    metadata = sessions.on_cpu(ALEXNET).get_modelmeta().custom_metadata_map
    return ModelCard.from_metadata(metadata, str(ALEXNET))


def alexnet(images: NDArray[np.uint8]) -> Logits:
    """Logits of the file that the site runs, for pictures (N, 64, 64, 3), by its temperature."""
    session, card = sessions.on_cpu(ALEXNET), alexnet_card()
    found = []
    for start in range(0, len(images), 100):
        batch = [
            preprocess(Image.fromarray(one), card.input) for one in images[start : start + 100]
        ]
        found.append(session.run([card.output], {card.input.name: np.stack(batch)})[0])
    return np.concatenate(found) / card.temperature


def multiply_adds(maker: Encoder, numbers: int) -> int:
    """Of the second rung, a picture: projecting, the words, the sums, the classifier."""
    patches = len(features.places(maker.scales))
    total = numbers * CLASSES
    for book in maker.books.values():
        gaussians, width = book.means.shape
        total += patches * (book.axes.size + 4 * gaussians * width)
    return total


def rung_costs(maker: Encoder, numbers: int, pictures: int) -> dict[str, dict[str, int]]:
    """Multiply-adds to answer one picture, and to learn, by rung. Counted, not timed.

    A step of training costs three times an answer in the network (forward, and back to inputs and
    to weights), twice in a linear classifier, which has no inputs to go back to. Trying several
    rates is not counted, and neither is fitting the codebook.
    """
    own = next(r for r in json.loads(PLANS.read_text("utf-8"))["rows"] if r["name"] == "alexnet64")
    dense = sum(row["multiply_adds"] for row in own["layers"] if row["kind"] == "fc")
    maps = own["multiply_adds"] - dense
    runs = weights.runs(weights.training())
    shown = [row["size"] for run in runs for row in run["curve"]]  # by epoch
    shrunk = sum(3 * (maps * (size / 64) ** 2 + dense) for size in shown)
    small, fisher = features.SMALL**2 * 3 * CLASSES, multiply_adds(maker, numbers)
    return {
        "pixels": {"run": small, "train": pictures * EPOCHS * 2 * small},
        "fisher": {
            "run": fisher,
            "train": pictures * (fisher - numbers * CLASSES + EPOCHS * 2 * numbers * CLASSES),
        },
        "alexnet64": {"run": own["multiply_adds"], "train": round(pictures * shrunk)},
    }


def guesses(logits: NDArray[Any]) -> list[dict[str, Any]]:
    """The five likeliest classes of one picture's logits (classes,)."""
    share = np.exp(logits - logits.max())
    share /= share.sum()
    labels = tiny_imagenet()
    return [
        {"label": labels[i].name, "wnid": labels[i].wnid, "probability": round(float(share[i]), 6)}
        for i in np.argsort(-share)[:5]
    ]


def sample_rows(rungs: Rungs) -> list[dict[str, Any]]:
    """Each sample's five guesses by each lower rung."""
    rows = []
    for photograph in samples.photographs():
        with Image.open(photograph) as file:
            found = rungs.answers(seen(file)[None])
        rows.append(
            {"file": photograph.name, **{name: guesses(own[0]) for name, own in found.items()}}
        )
    return rows


def truths() -> dict[str, str]:
    """The class of each sample that has a right one, by file name."""
    rows = yaml.safe_load((samples.FOLDER / "CREDITS.yml").read_text("utf-8"))
    return {row["file"]: row["tiny_imagenet_wnid"] for row in rows if row["tiny_imagenet_wnid"]}


def views(
    picture: Image.Image, sides: Iterable[float] = WHOLE.views
) -> Iterator[tuple[tuple[int, int, int], bool, Image.Image]]:
    """Squares of a picture, each as it is and mirrored: (left, top, side), mirrored, pixels.

    Of each of ``sides``, shares of the shorter side, the squares at the corners, at the edges and
    in the middle.
    """
    wide, high = picture.size
    for share in sides:
        side = round(min(wide, high) * share)
        for top in sorted({0, (high - side) // 2, high - side}):
            for left in sorted({0, (wide - side) // 2, wide - side}):
                view = picture.crop((left, top, left + side, top + side))
                yield (left, top, side), False, view
                yield (left, top, side), True, ImageOps.mirror(view)


def older_wins(
    rungs: Rungs, folder: Path = PICTURES, sides: Iterable[float] = WHOLE.views
) -> dict[str, Any]:
    """Where a lower rung beats the third, among all `views` of the samples; saves those shown.

    A lower rung wins where it puts the right name higher, within five guesses. Of each sample the
    view is shown in which such a rung gives the right name the largest share.
    """
    order = {label.wnid: i for i, label in enumerate(tiny_imagenet())}
    only: Counter[str] = Counter()
    count, wins = 0, []
    known = truths()
    for old in folder.glob("*-win.webp"):
        old.unlink()
    for file, wnid in known.items():
        with Image.open(samples.FOLDER / file) as picture:
            boxes = list(views(picture.convert("RGB"), sides))
        images = np.stack([seen(view) for *_, view in boxes])
        found: dict[str, Logits] = {**rungs.answers(images), "alexnet64": alexnet(images)}
        right = np.full(len(images), order[wnid])
        place = {name: ranks(own, right) for name, own in found.items()}
        count += len(images)
        first = {name: own == 1 for name, own in place.items()}
        only["fisher"] += int((first["fisher"] & ~first["alexnet64"]).sum())
        only["alexnet64"] += int((first["alexnet64"] & ~first["fisher"]).sum())
        best: tuple[float, str, int] | None = None
        for name in LOWER:
            ahead = (place[name] <= 5) & (place[name] < place["alexnet64"])
            for i in map(int, np.flatnonzero(ahead)):
                row = next(one for one in guesses(found[name][i]) if one["wnid"] == wnid)
                best = max(best or (0.0, "", 0), (row["probability"], name, i))
        if best:
            _, name, i = best
            box, mirrored, _ = boxes[i]
            shown = f"{Path(file).stem}-win.webp"
            Image.fromarray(images[i]).save(folder / shown, lossless=True, method=4)
            both = {rung: guesses(found[rung][i]) for rung in (name, "alexnet64")}
            wins.append(
                {"file": file, "rung": name, "box": box, "mirrored": mirrored, "picture": shown}
                | both
            )
    return {"count": count, "samples": len(known), "only": dict(only), "wins": wins}


def seen(picture: Image.Image) -> NDArray[np.uint8]:
    """The 64x64 pixels that every rung gets of a picture."""
    return np.asarray(resize_and_crop(picture.convert("RGB"), alexnet_card().input))


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
    colours = word_colours(len(book.weights))
    mosaic = Image.new("RGB", (side, side))
    mosaic.putdata([colours[word] for word in likeliest])
    return mosaic.resize((256, 256), Image.Resampling.NEAREST)


def word_colours(count: int) -> list[tuple[int, int, int]]:
    """Red, green and blue, 0 to 255, of each of ``count`` words: a hue each. The page has them of
    the results file.
    """
    hues = Image.new("HSV", (count, 1))
    hues.putdata(
        [(w * 256 // count, 110 + 60 * (w % 2), 150 + 50 * (w % 3 == 0)) for w in range(count)]
    )
    return [(int(r), int(g), int(b)) for r, g, b in np.asarray(hues.convert("RGB"))[0]]


def assemble(parts: dict[str, Any], plan: Plan = WHOLE, docs: Path = DOCS) -> None:
    """Write the results file and the pictures from what was measured and the rungs' file."""
    model, pictures = (docs / path.relative_to(DOCS) for path in (MODEL, PICTURES))
    pictures.mkdir(parents=True, exist_ok=True)
    rungs = load(model)
    numbers = len(rungs.fisher.weight)
    held = parts.pop("logits")
    truth = parts.pop("truth")
    place = {name: ranks(logits, truth) for name, logits in held.items()}
    costs = rung_costs(rungs.encoder, numbers, plan.counts[-1])
    labels = tiny_imagenet()
    right = {name: place[name] == 1 for name in place}
    by_class = [
        {"label": label.name, "wnid": label.wnid}
        | {name: int(right[name][truth == i].sum()) for name in right}
        for i, label in enumerate(labels)
    ]
    rows = {name: {**scores(held[name], truth), "multiply_adds": costs[name]} for name in held}
    runs = weights.runs(weights.training())
    whole = {
        "pictures": max(run["data"]["train"] for run in runs),
        "epochs": sum(len(run["curve"]) for run in runs),
        **rows["alexnet64"],
    }
    parts["curve"]["alexnet64"].append(whole)
    results = {
        "model_sha256": file_hash(model),
        "model_bytes": model.stat().st_size,
        "alexnet_sha256": file_hash(ALEXNET),
        "test_pictures": len(truth),
        "training_pictures": plan.counts[-1],
        "held_out": plan.held * CLASSES,
        "subset": plan.subset * CLASSES,
        "patches": features.count(features.SIDE, features.SIDE),
        "full_width": FULL[0],
        "full_height": FULL[1],
        "full_patches": features.count(*FULL),
        "gaussians": SHIPPED.gaussians,
        "word_colours": [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in word_colours(SHIPPED.gaussians)],
        "numbers": numbers,
        "rungs": rows,
        "only": {
            "fisher": int((right["fisher"] & ~right["alexnet64"]).sum()),
            "alexnet64": int((right["alexnet64"] & ~right["fisher"]).sum()),
            "both": int((right["alexnet64"] & right["fisher"]).sum()),
            "neither": int((~right["alexnet64"] & ~right["fisher"]).sum()),
        },
        "classes": by_class,
        **parts,
        "samples": sample_rows(rungs),
        "views": older_wins(rungs, pictures, plan.views),
    }
    write(results, docs)
    for name in SHOWN:
        with Image.open(samples.FOLDER / f"{name}.jpg") as file:
            pixels = seen(file)
        for kind, picture in drawn(pixels, rungs.encoder).items():
            picture.save(pictures / f"{name}-{kind}.webp", lossless=True, quality=60, method=4)


def write(results: dict[str, Any], docs: Path = DOCS) -> None:
    """The results file."""
    file = docs / RESULTS.relative_to(DOCS)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def measure(
    data: TinyImageNet, plan: Plan = WHOLE, docs: Path = DOCS, say: Say = print
) -> dict[str, Any]:
    """Fit and write the rungs; what was measured of them."""
    every = data.load("train", plan.counts[-1] - plan.held * CLASSES, plan.held)
    test = data.load("val", plan.test)
    learn, held = every.split(plan.held)
    say(f"{len(every.labels)} training pictures, {len(test.labels)} to test")
    maker = training.encoder(every.images, replace(SHIPPED, patches=plan.patches))
    order = np.argsort(np.tile(np.arange(len(learn.labels) // CLASSES), CLASSES), kind="stable")
    learn = Split(learn.images[order], learn.labels[order])  # the first of each class come first
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
        for count in plan.counts:
            final[name] = taught(x, learn.labels, count, y, held.labels, RATES[name], plan.steps)
            found = scores(training.logits(final[name], z), test.labels)
            curve[name].append({"pictures": count, **found})
            say(f"{name}, {count}: {found['top1']['percent']:.2f} %")
        final[name] = final[name].quantised()
    model = docs / MODEL.relative_to(DOCS)
    model.parent.mkdir(parents=True, exist_ok=True)
    Rungs(final["pixels"], maker, final["fisher"]).save(model)
    curve["alexnet64"] = [
        taught_alexnet(data.load("train", count), times, test, say)
        for count, times in zip(plan.counts, plan.epochs, strict=False)
    ]
    found = tested(test, model)
    return {"curve": curve, "ingredients": ingredients(learn, held, plan, say), **found}


def tested(test: Split, model: Path) -> dict[str, Any]:
    """Logits of the three files, as they run on the site, for the test pictures."""
    rungs = load(model)
    return {
        "truth": test.labels,
        "logits": {
            "pixels": training.logits(rungs.pixels, features.pixels(test.images)),
            "fisher": training.logits(rungs.fisher, training.encode(rungs.encoder, test.images)),
            "alexnet64": alexnet(test.images),
        },
    }


def main(data: Path, folder: Path | None = None) -> None:
    """Fit the lower rungs, measure all three; ``data`` is Tiny ImageNet with its training."""
    plan, docs = (REHEARSAL, folder) if folder else (WHOLE, DOCS)
    assemble(measure(TinyImageNet(data), plan, docs), plan, docs)
