"""Take the photographs out of the packages that carry them, as plain JPEGs without metadata.

    pip install "scikit-image==0.26.0" pillow
    python photographs.py

CREDITS.yml quotes what each package says about its picture.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

TARGET = Path(__file__).resolve().parent.parent
PHOTOGRAPHS = {
    "cat": ("skimage", "data/chelsea.png"),
    "espresso": ("skimage", "data/coffee.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
}


def save(picture: Image.Image, name: str) -> None:
    pixels = np.asarray(picture.convert("RGB"))  # pixels alone: no EXIF, no comment, no profile
    Image.fromarray(pixels).save(TARGET / f"{name}.jpg", quality=88, optimize=True)


def main() -> None:
    for name, (package, path) in PHOTOGRAPHS.items():
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise SystemExit(f"{package} is not installed: pip install {package}")
        with Image.open(Path(spec.origin).parent / path) as picture:
            save(picture, name)


if __name__ == "__main__":
    main()
