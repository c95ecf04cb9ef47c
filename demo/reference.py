"""The logits that a network must give for one bundled picture: ``python -m demo.reference MODEL``.

Written beside the file as ``NAME.reference.json``. The live page runs the same picture when it
loads and compares, so it can say with a figure whether the engine works on the reader's machine.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

from demo.errors import ModelError
from demo.pictures.decoding import decode
from demo.runtime.session import CPU, load
from model_export.card import CardError, ModelCard
from model_export.preprocess import preprocess, resize_and_crop

PICTURE = Path("demo/samples/cat.jpg")


def session_of(model: Path) -> onnxruntime.InferenceSession:
    """The file on the CPU with its weights unpacked to float32 first, as the page has them.

    Raises:
        ModelError: it is no ONNX file.
    """
    return load(model, CPU, as_floats=True)


def reference(model: Path, picture: Path = PICTURE) -> dict[str, object]:
    """The pixels that the network sees and its logits for them, as JSON holds them."""
    session = session_of(model)
    card = ModelCard.from_metadata(session.get_modelmeta().custom_metadata_map, str(model))
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


def main(arguments: list[str]) -> int:
    """Write the reference of each named file beside it."""
    if not arguments:
        print("name an ONNX file: python -m demo.reference MODEL.onnx", file=sys.stderr)
        return 2
    for name in map(Path, arguments):
        if not name.is_file():
            print(f"{name}: no such model; make it with `python -m model_export`", file=sys.stderr)
            return 2
        target = name.with_suffix(".reference.json")
        try:
            told = reference(name)
        except (CardError, ModelError) as error:
            print(error, file=sys.stderr)
            return getattr(error, "exit_code", 2)
        target.write_text(json.dumps(told) + "\n", encoding="utf-8")
        print(target)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
