"""The live page's files: the engine, the networks, and the list of them for the script.

The engine comes from npm (`npm ci --ignore-scripts`), the networks from `docs/assets/models` and
from the files that the build variable ``MODELS`` names. Beside each network lies a copy packed with
gzip, which the page fetches: many hosts compress no file of a kind that they don't know. The page
says what is missing; the site builds without it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

from sitebuild.errors import ContentError

# What runs on the processor, and what runs on the graphics card; a reader fetches one of the two.
ENGINES = {
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    "webgpu": (
        "ort.webgpu.min.mjs",
        "ort-wasm-simd-threaded.asyncify.mjs",
        "ort-wasm-simd-threaded.asyncify.wasm",
    ),
}
ENGINE_AT = "assets/live/engine"
MODELS_AT = "assets/models"
MANIFEST_AT = "assets/live/manifest.json"
GRADIENT = "-gradient"  # behind a network's name: its gradient, a graph without the weights


def engine_files(root: Path) -> dict[str, Path]:
    """ONNX Runtime Web's files by their address; empty where npm has not fetched them."""
    package = root / "node_modules" / "onnxruntime-web"
    names = [name for files in ENGINES.values() for name in files]
    found = {f"{ENGINE_AT}/{name}": package / "dist" / name for name in names}
    return found if all(path.is_file() for path in found.values()) else {}


def model_files(docs: Path, named: str) -> dict[str, Path]:
    """Every network's file, card, reference and gradient by address: the committed, then the named.

    Args:
        docs: the folder of the site's sources.
        named: paths of .onnx files with spaces between them, as ``MODELS`` holds them.

    Raises:
        ContentError: a named file, or the card beside it, is not there.
    """
    files = {}
    paths = [*sorted((docs / "assets" / "models").glob("*.onnx")), *map(Path, named.split())]
    for path in paths:
        if path.stem.endswith(GRADIENT):
            continue
        card, reference = path.with_suffix(".json"), path.with_suffix(".reference.json")
        graph = path.with_name(f"{path.stem}{GRADIENT}.onnx")
        proof = graph.with_suffix(".reference.json")
        for needed in (path, card):
            if not needed.is_file():
                raise ContentError(
                    f"MODELS: {needed} is not there; write it with `python -m model_export`"
                )
        gradient = (graph, proof) if proof.is_file() else ()
        for file in (path, card, reference, *gradient):
            if file.is_file():
                files[f"{MODELS_AT}/{file.name}"] = file
    return files


@lru_cache(maxsize=16)
def _compressed(path: Path, modified: float) -> int:
    """Bytes that travel when the host compresses the file with gzip, as most do."""
    return len(gzip.compress(path.read_bytes(), 5))


@lru_cache(maxsize=4)
def _packed(path: Path, modified: float) -> bytes:
    return gzip.compress(path.read_bytes(), 9, mtime=0)


def _travels(path: Path) -> int:
    modified = path.stat().st_mtime
    return len(_packed(path, modified)) if _is_network(path) else _compressed(path, modified)


def _is_network(path: Path) -> bool:
    return path.suffix == ".onnx" and not path.stem.endswith(GRADIENT)


def packed_files(models: dict[str, Path]) -> dict[str, bytes]:
    """The packed copies of the networks among ``models``, by address."""
    return {
        f"{address}.gzip": _packed(path, path.stat().st_mtime)
        for address, path in models.items()
        if _is_network(path)
    }


def price(root: Path, network: Path) -> str:
    """Megabytes that travel for a network and the engine on the processor; empty without one."""
    engine = engine_files(root)
    code = [engine[f"{ENGINE_AT}/{name}"] for name in ENGINES["wasm"] if engine]
    return f"{sum(map(_travels, [network, *code])) / 1e6:.1f} MB" if code else ""


def manifest(root: Path, models: dict[str, Path], packed: Collection[str] = ()) -> str:
    """JSON for the script: the engine's version, files and sizes; each network's files and hash.

    ``bytes`` counts a file as it is stored, ``travels`` compressed with gzip.

    Args:
        root: the repository.
        models: the networks' files by address.
        packed: addresses of the packed copies that are published.
    """
    rows = []
    for address, path in models.items():
        if not _is_network(path):
            continue
        content = path.read_bytes()
        stem = address.removesuffix(".onnx")
        reference = f"{stem}.reference.json"
        graph, proof = f"{stem}{GRADIENT}.onnx", f"{stem}{GRADIENT}.reference.json"
        gradient = {"graph": graph, "reference": proof} if proof in models else None
        rows.append(
            {
                "file": address,
                "packed": f"{address}.gzip" if f"{address}.gzip" in packed else None,
                "card": f"{stem}.json",
                "reference": reference if reference in models else None,
                "gradient": gradient,
                "bytes": len(content),
                "travels": _travels(path),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
    engine = engine_files(root)
    code = {
        kind: {
            "file": f"{ENGINE_AT}/{names[-1]}",
            "bytes": engine[f"{ENGINE_AT}/{names[-1]}"].stat().st_size,
            "travels": sum(_travels(engine[f"{ENGINE_AT}/{name}"]) for name in names),
        }
        for kind, names in ENGINES.items()
        if engine
    }
    listed = {"engine": _engine_version(root), "engine_code": code, "models": rows}
    return json.dumps(listed, indent=1)


def _engine_version(root: Path) -> str | None:
    if not engine_files(root):
        return None
    package: dict[str, Any] = json.loads(
        (root / "node_modules" / "onnxruntime-web" / "package.json").read_text(encoding="utf-8")
    )
    return str(package["version"])
