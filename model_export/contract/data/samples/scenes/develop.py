"""Turn a rendered PNG into a camera-like 640x480 JPEG: slight blur, grain, no metadata."""

import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

SIZE = (640, 480)
GRAIN = 2.2  # standard deviation, in steps of 0..255


def develop(source: Path, target: Path) -> None:
    picture = Image.open(source).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
    picture = picture.filter(ImageFilter.GaussianBlur(0.35))
    pixels = np.asarray(picture, dtype=np.float32)
    rng = np.random.default_rng(zlib.crc32(target.stem.encode()))
    luma = rng.normal(0.0, GRAIN, (*pixels.shape[:2], 1))
    chroma = rng.normal(0.0, GRAIN * 0.35, pixels.shape)
    noisy = np.clip(pixels + luma + chroma, 0, 255).round().astype(np.uint8)
    Image.fromarray(noisy).save(target, quality=88, optimize=True, progressive=True)


if __name__ == "__main__":
    develop(Path(sys.argv[1]), Path(sys.argv[2]))
