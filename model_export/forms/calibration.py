"""The pictures on which int8 measures the ranges of its activations, and their name in the card.

The bundled set, for `alexnet64`, is ``demo/samples``: the four corners of each photograph. The
proof looks at the centres of the same photographs, so no input serves both. Any other set is a
person's folder, seen as the network will see pictures: the centre, by the card's rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, zip_longest
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_export.contract import samples
from model_export.contract.card import Calibration, Input
from model_export.contract.errors import UsageError
from model_export.contract.preprocessing import Floats, Pixels, preprocess, resize_and_crop
from model_export.errors import ExportError

BUNDLED = "demo/samples, the four corners of each"
MOST = 512
_ENDINGS = (".jpg", ".jpeg", ".png")
_ROOM = 5 / 4  # the bundled set's shorter side over the network's


def calibration_batch(
    rule: Input, folder: Path | None, seed: int = 0
) -> tuple[NDArray[Any], Calibration]:
    """Input tensors (N, 3, size, size) and what the card says of them.

    Args:
        rule: the network's input.
        folder: a user's folder, of pictures or of a folder for each class; of more than `MOST`
            pictures a random choice, as many from each folder as there are. None: the bundled set.
        seed: of the choice.

    Raises:
        UsageError: no such folder, no picture in it, or one that cannot be read.
        ExportError: the bundled set is not there.
    """
    if folder is None:
        files, name, views = samples.photographs(), BUNDLED, corners
        found = files
        if not files:
            raise ExportError(
                f"{samples.FOLDER}: no photographs to calibrate on; restore them with git"
            )
        folder = samples.FOLDER
    else:
        found = sorted(f for f in folder.rglob("*") if f.suffix.lower() in _ENDINGS)
        if not found:
            raise UsageError(f"{folder}: no folder with JPEG or PNG pictures to calibrate on")
        files, name, views = sample(found, seed), folder.resolve().name, _centre
    names = tuple(file.relative_to(folder).as_posix() for file in files)
    tensors = [tensor for file in files for tensor in _read(file, rule, views)]
    digest = hashlib.sha256()
    for relative, file in zip(names, files, strict=True):
        digest.update(f"{relative}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    own = name != BUNDLED
    return np.stack(tensors), Calibration(
        name,
        len(tensors),
        names,
        digest.hexdigest(),
        found=len(found) if own else None,
        seed=seed if own else None,
    )


def sample(files: Sequence[Path], seed: int) -> list[Path]:
    """At most `MOST` files, chosen at random, from each folder in turn until it has no more."""
    random = Random(seed)  # noqa: S311
    folders: dict[Path, list[Path]] = {}
    for file in files:
        folders.setdefault(file.parent, []).append(file)
    for group in folders.values():
        random.shuffle(group)
    groups = list(folders.values())
    random.shuffle(groups)
    turns = (file for turn in zip_longest(*groups) for file in turn if file)
    return sorted(islice(turns, MOST))


_Views = Callable[[Image.Image, Input], Iterator[Image.Image]]


def _read(file: Path, rule: Input, views: _Views) -> list[Floats | Pixels]:
    whole = replace(rule, resize=rule.size)
    try:
        with Image.open(file) as picture:
            return [preprocess(view, whole) for view in views(picture.convert("RGB"), rule)]
    except OSError as error:
        raise UsageError(f"{file}: cannot be read as a picture ({error})") from None


def _centre(image: Image.Image, rule: Input) -> Iterator[Image.Image]:
    yield resize_and_crop(image, rule)


def corners(image: Image.Image, rule: Input) -> Iterator[Image.Image]:
    """The four corners, size x size each, of the picture resized to five quarters of that."""
    side = round(_ROOM * rule.size)
    shorter = min(image.size)
    resized = image.resize(
        (side * image.width // shorter, side * image.height // shorter),
        Image.Resampling.BILINEAR,
    )
    for left in (0, resized.width - rule.size):
        for top in (0, resized.height - rule.size):
            yield resized.crop((left, top, left + rule.size, top + rule.size))
