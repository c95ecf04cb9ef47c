"""The live page: which files it needs, and the page's body before any script runs.

The engine comes from npm (`npm ci --ignore-scripts`), the networks from `docs/assets/models` and
from the files that the build variable ``MODELS`` names. What is missing is told on the page; the
site builds without it.
"""

from __future__ import annotations

import hashlib
import json
from html import escape
from pathlib import Path
from typing import Any

from sitekit.errors import ContentError
from sitekit.samples import Samples

ENGINE = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
ENGINE_AT = "assets/live/engine"
MODELS_AT = "assets/models"
MANIFEST_AT = "assets/live/manifest.json"


def engine_files(root: Path) -> dict[str, Path]:
    """ONNX Runtime Web's files by their address; empty where npm has not fetched them."""
    package = root / "node_modules" / "onnxruntime-web"
    found = {f"{ENGINE_AT}/{name}": package / "dist" / name for name in ENGINE}
    return found if all(path.is_file() for path in found.values()) else {}


def model_files(docs: Path, named: str) -> dict[str, Path]:
    """Every network's file, card and reference by address: the committed, then the named.

    Args:
        docs: the folder of the site's sources.
        named: paths of .onnx files with spaces between them, as ``MODELS`` holds them.

    Raises:
        ContentError: a named file, or the card beside it, is not there.
    """
    files = {}
    paths = [*sorted((docs / "assets" / "models").glob("*.onnx")), *map(Path, named.split())]
    for path in paths:
        card, reference = path.with_suffix(".json"), path.with_suffix(".reference.json")
        for needed in (path, card):
            if not needed.is_file():
                raise ContentError(
                    f"MODELS: {needed} is not there; write it with `python -m model_export`"
                )
        for file in (path, card, reference):
            if file.is_file():
                files[f"{MODELS_AT}/{file.name}"] = file
    return files


def manifest(root: Path, models: dict[str, Path]) -> str:
    """JSON for the script: the engine's version and each network's size, hash and files."""
    rows = []
    for address, path in models.items():
        if path.suffix != ".onnx":
            continue
        content = path.read_bytes()
        stem = address.removesuffix(".onnx")
        reference = f"{stem}.reference.json"
        rows.append(
            {
                "file": address,
                "card": f"{stem}.json",
                "reference": reference if reference in models else None,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
    return json.dumps({"engine": _engine_version(root), "models": rows}, indent=1)


def _engine_version(root: Path) -> str | None:
    if not engine_files(root):
        return None
    package: dict[str, Any] = json.loads(
        (root / "node_modules" / "onnxruntime-web" / "package.json").read_text(encoding="utf-8")
    )
    return str(package["version"])


def body(samples: Samples, to_root: str) -> str:
    """The page's working part: pictures with their recorded answers, and what the script fills."""
    pictures = "".join(
        f'<li><button type="button" data-sample="{to_root}{s.uri}" data-name="{s.path.stem}">'
        f'<img src="{to_root}{s.uri}" alt="{escape(s.shows, quote=True)}" width="{s.width}" '
        f'height="{s.height}" loading="lazy" decoding="async"></button>'
        f'<span class="live-said">Recorded: <b>{escape(s.guesses[0].label)}</b> '
        f"{s.guesses[0].probability:.0%}</span></li>"
        for s in samples.rows
        if s.guesses
    )
    return f"""<div class="live" id="live" data-root="{to_root}">
<noscript><p class="live-note">The network runs in a script, and scripts are off here. The recorded
answers below need none.</p></noscript>
<section class="live-model" aria-labelledby="live-model-h">
<h2 id="live-model-h">1. Load the network</h2>
<p id="live-about">Nothing is loaded before you ask. Your picture never leaves this machine.</p>
<p class="live-row"><label id="live-which-label" hidden>Network <select id="live-which"></select>
</label><button type="button" id="live-load" hidden>Load</button>
<button type="button" id="live-cancel" hidden>Cancel</button></p>
<progress id="live-progress" max="1" value="0" aria-label="Network loaded" hidden></progress>
<p id="live-status" role="status" aria-live="polite"></p>
<p id="live-proof" class="live-small"></p>
</section>
<section class="live-input" aria-labelledby="live-input-h">
<h2 id="live-input-h">2. Choose a picture</h2>
<div class="live-own" id="live-drop" hidden>
<label for="live-file">Your own picture: choose a file, drop it here, or paste it</label>
<input type="file" id="live-file" accept="image/*"></div>
<ul class="live-samples">{pictures}</ul>
</section>
<section class="live-answer" id="live-answer" aria-labelledby="live-answer-h" hidden>
<h2 id="live-answer-h">3. Its five best guesses</h2>
<div class="live-pair"><figure><canvas id="live-seen" width="64" height="64" role="img"
aria-label="The picture as the network sees it"></canvas>
<figcaption id="live-seen-words"></figcaption></figure>
<div><ol id="live-top"></ol><p id="live-times" class="live-small"></p></div></div>
<p class="live-row" id="live-changes"><label><input type="checkbox" id="live-flip"> Mirror</label>
<label><input type="checkbox" id="live-grey"> Grey</label>
<label>Brightness <input type="range" id="live-bright" min="20" max="200" step="5" value="100">
</label><label>Noise <input type="range" id="live-noise" min="0" max="100" step="5" value="0">
</label></p>
<p class="live-row"><button type="button" id="live-occlude">Show which parts matter</button>
<button type="button" id="live-stop" hidden>Stop</button></p>
<figure id="live-map" hidden><canvas width="64" height="64" role="img"
aria-label="How much each part of the picture matters"></canvas>
<figcaption>A grey patch was slid over the picture. The darker a place, the more the first guess
lost when that place was hidden.</figcaption></figure>
</section></div>
<script type="module" src="{to_root}assets/js/live/main.js"></script>"""
