"""The logits that a network must give for one bundled picture: ``python -m demo reference MODEL``.

Written beside the file as ``NAME.reference.json``. The live page runs the same picture when it
loads and compares, so it can say with a figure whether the engine works on the reader's machine.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime

from demo.errors import UsageError
from demo.pictures.decoding import decode
from demo.places import SAMPLES
from demo.runtime.session import CPU, card_in, check_file, load
from model_export.contract.preprocessing import preprocess, resize_and_crop

PICTURE = SAMPLES / "cat.jpg"


def session_of(model: Path) -> onnxruntime.InferenceSession:
    """The file on the CPU with its weights unpacked to float32 first, as the page has them.

    Raises:
        ModelError: no such file, or no ONNX file.
    """
    check_file(model)
    return load(model, CPU, as_floats=True)


def reference(model: Path, picture: Path = PICTURE) -> dict[str, object]:
    """What the network sees of a picture and what it gives for it, as JSON holds them.

    ``pixels`` is (size, size, 3) in one row, red first, 0 to 255; ``logits`` is (classes,).

    Raises:
        ModelError: no such file, no ONNX file, or one without a card that can be read.
        PictureError: the picture cannot be decoded.
    """
    session = session_of(model)
    card = card_in(session.get_modelmeta().custom_metadata_map, model)
    image = decode(picture)
    pixels = np.asarray(resize_and_crop(image, card.input))
    tensor = preprocess(image, card.input)[None]
    (logits,) = session.run([card.output], {card.input.name: tensor})
    return {
        "picture": picture.name,
        "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "made_with": f"onnxruntime {onnxruntime.__version__}, CPU, float32 weights",
        "pixels": pixels.reshape(-1).tolist(),
        "logits": [float(value) for value in logits[0]],
    }


def write(model: Path) -> Path:
    """One reference, beside the model; the file that holds it.

    Raises:
        ModelError, PictureError: as `reference`.
        UsageError: it cannot be written.
    """
    text = json.dumps(reference(model)) + "\n"
    target = model.with_suffix(".reference.json")
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{target}: cannot be written ({error.strerror}); move it away, or the model elsewhere"
        ) from None
    return target
