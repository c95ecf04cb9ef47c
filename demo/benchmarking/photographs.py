"""Full-size photographs to measure with, made of the bundled samples.

A crop of a sample, enlarged to 500 x 375 pixels (ImageNet's usual size), every fourth upright,
with a little noise, as a JPEG of about 100 kB. The same every time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from demo.places import SAMPLES

WIDTH, HEIGHT = 500, 375
_NOISE = 10.0  # grey levels
_QUALITY = 94


def write(folder: Path, count: int, seed: int = 2012) -> None:
    """Write ``count`` photographs to two class folders in a folder."""
    random = np.random.default_rng(seed)
    samples = [Image.open(file).convert("RGB") for file in sorted(SAMPLES.glob("*.jpg"))]
    for i in range(count):
        sample = samples[i % len(samples)]
        share = random.uniform(0.5, 1)
        width = min(sample.width, sample.height * WIDTH / HEIGHT) * share
        height = width * HEIGHT / WIDTH
        left = random.uniform(0, sample.width - width)
        top = random.uniform(0, sample.height - height)
        box = (left, top, left + width, top + height)
        image = sample.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, box=box)
        pixels = np.asarray(image) + random.normal(0, _NOISE, (HEIGHT, WIDTH, 3))
        if i % 4 == 3:
            pixels = pixels.transpose(1, 0, 2)
        place = folder / ("a", "b")[i % 2] / f"{i:05}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)).save(
            place, quality=_QUALITY
        )
