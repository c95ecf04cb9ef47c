"""What each precision costs: every network in every form, measured, for the site's table.

    python -m model_export record price_list TINY_IMAGENET [OUTPUT]

Each network is exported in every precision into a temporary folder. Size and distance from fp32
come from the exporter's own card; accuracy from all validation pictures, for `alexnet64` alone;
time as the median ratio to fp32's over runs in turn, one picture at a time. The weights of the
large networks are random where theirs are not on this machine, and the rows say so: then the size
and the time mean something, and the distance is a rough guide.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model_export.contract import samples
from model_export.contract.labels import tiny_imagenet
from model_export.files import refuse_if_no_place
from model_export.proof import accuracy

OUTPUT = Path(__file__).parents[2] / "docs" / "data" / "results" / "precisions.json"
FORMS: tuple[tuple[str, int], ...] = (
    ("fp32", 32), ("fp16", 32), ("int8", 32), ("int4", 32), ("int4", 128),
)  # fmt: skip
ROUNDS = 40


def ratios(files: list[Path], size: int) -> list[dict[str, float]]:
    """Time of each file over the first file's, run in turn; median and quartiles."""
    import numpy as np

    from model_export.contract.sessions import on_cpu

    sessions = [on_cpu(file) for file in files]
    picture = np.random.default_rng(0).normal(size=(1, 3, size, size)).astype(np.float32)
    seen: list[list[float]] = [[] for _ in files]
    for turn in range(ROUNDS + 5):
        spent = []
        for session in sessions:
            start = time.perf_counter()
            session.run(["logits"], {"image": picture})
            spent.append(time.perf_counter() - start)
        if turn >= 5:
            for i, seconds in enumerate(spent):
                seen[i].append(seconds / spent[0])
    rows = []
    for row in seen:
        low, middle, high = statistics.quantiles(row, n=4)
        rows.append({"low": round(low, 2), "median": round(middle, 2), "high": round(high, 2)})
    return rows


def measure(data: Path) -> dict[str, Any]:
    """All rows, with what they were measured on."""
    import onnx
    import onnxruntime
    import torch

    from model_export import export
    from model_export.networks import ALEXNET64, CAFFENET, NETWORKS
    from model_export.random_weights import write

    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for network in (n for n in NETWORKS.values() if n is not CAFFENET):  # as bvlc
            ours = network is ALEXNET64
            file = folder / f"{network.name}.safetensors"
            drawn = None if ours else write(network.name, file)
            files = []
            for precision, block in FORMS:
                print(network.name, precision, block, flush=True)
                report = export(
                    folder / f"{network.name}-{precision}-{block}.onnx",
                    network.name,
                    weights=drawn,
                    precision=precision,  # type: ignore[arg-type]
                    block=block,
                    calibrate=samples.FOLDER if precision == "int8" and not ours else None,
                )
                files.append(report.file)
                distance = report.card.distance
                rows.append(
                    {
                        "network": network.name,
                        "weights": "its own" if ours else "random",
                        "precision": precision,
                        "block": block if precision == "int4" else None,
                        "bytes": report.size,
                        "rel_l2": distance.rel_l2 if distance else 0.0,
                        "pictures": report.card.parity.pictures if report.card.parity else 0,
                        "top1": None,
                        "top5": None,
                        "count": None,
                    }
                )
            if ours:
                known = (network.input, report.card.labels)
                pictures, hits = accuracy.count(files, *known, data)
                for row, (first, five) in zip(rows, hits, strict=True):
                    row |= {"top1": asdict(first), "top5": asdict(five), "count": pictures}
            for row, ratio in zip(
                rows[-len(FORMS) :], ratios(files, network.input.size), strict=True
            ):
                row["time_over_fp32"] = ratio
            for file in files:
                file.unlink()
    return {
        "measured_with": {
            "onnxruntime": onnxruntime.__version__,
            "onnx": onnx.__version__,
            "torch": str(torch.__version__),
            "threads": torch.get_num_threads(),
            "rounds": ROUNDS,
            "cores": "shared, virtual",
            "capability": torch.backends.cpu.get_cpu_capability(),
        },
        "rows": rows,
    }


def main(data: Path, output: Path = OUTPUT) -> None:
    """Measure every network in every precision; ``data`` is Tiny ImageNet, folder or zip."""
    refuse_if_no_place(output, ".json")
    accuracy.opened(tiny_imagenet(), data)
    output.write_text(json.dumps(measure(data), indent=1) + "\n", encoding="utf-8")
