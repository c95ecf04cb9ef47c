"""Whole evaluations beside PyTorch's usual loop, in turns: ``benchmark --photographs N``.

The usual loop is torchvision's `ImageFolder` and transforms, a `DataLoader` with two workers and
the network eager in fp32 (`model_export.torch_peer`), in a process of its own. This side runs the
very code of `evaluate`. Every round is one pass of each over the same full-size photographs, in
alternating order; ratios are formed within a round. The first round warms up and is not counted.
"""

from __future__ import annotations

import datetime
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from demo.benchmarking import photographs
from demo.classifier import Classifier
from demo.datasets.classes import Classes
from demo.datasets.layouts import DataSet, open_data
from demo.evaluation.evaluator import Evaluator
from demo.report import counted
from demo.runtime import machine as here
from demo.runtime.worker import Worker

BATCH, WORKERS = 32, 2


def run(models: Sequence[Path], count: int, rounds: int, threads: int = 0) -> dict[str, Any]:
    """Let all take turns.

    Args:
        models: forms of one network, the fp32 file first: PyTorch runs that.
        count: photographs, made for this.
        rounds: that count.
        threads: that decode and run the network; 0 takes the cores there are.

    Returns:
        ``{"machine", "date", "photographs", "pixels", "bytes", "rounds", "reference", "network",
        "torch_imported", "forms": [{"file", "precision", "ratio": {"median", "low", "high"},
        "core_ratio", "network_share", "same_top5", "pictures", "bound_by"}]}``. ``ratio`` is how
        many times the pictures a second; ``core_ratio`` how many times less processor time, all
        threads and processes together; ``network_share`` how much of our own time the network
        alone took, 0 to 1.

    Raises:
        AlexNetError: a file is no model; PyTorch is not installed, or does not know the network.
    """
    busy = here.load()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        photographs.write(Path(folder), count)
        source = open_data(Path(folder))
        forms = [stack.enter_context(Classifier(model, "cpu", threads=1)) for model in models]
        asked = {"do": "loop", "file": str(models[0].resolve()), "data": folder,
                 "workers": WORKERS, "batch": BATCH}  # fmt: skip
        loop = stack.enter_context(Worker("model_export", "torch-peer", asked, "PyTorch's loop"))
        kept: list[dict[str, list[float]]] = [
            {"ratio": [], "core_ratio": [], "share": []} for _ in forms
        ]
        same, bound = [0] * len(forms), [""] * len(forms)
        for number in range(rounds + 1):
            usual = loop.ask()
            order = list(enumerate(forms))[:: 1 if number % 2 else -1]
            for i, form in order:
                mine = _pass(form, source, threads)
                pairs = zip(mine["top5"], usual["top5"], strict=True)
                same[i] = sum(set(a) == set(b) for a, b in pairs)
                bound[i] = mine["bound_by"]
                if number:
                    kept[i]["ratio"].append(usual["seconds"] / mine["seconds"])
                    kept[i]["core_ratio"].append(usual["core_seconds"] / mine["core_seconds"])
                    kept[i]["share"].append(mine["network_share"])
        sizes = [len(source.read(picture.name)) for picture in source.pictures]
        return {
            "machine": here.describe(False, busy),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "photographs": count,
            "pixels": [photographs.WIDTH, photographs.HEIGHT],
            "bytes": round(statistics.mean(sizes)),
            "rounds": rounds,
            "reference": f"{loop.ready['version']}: DataLoader, {WORKERS} workers, batch {BATCH}, "
            "eager fp32",
            "network": forms[0].card.architecture,
            "torch_imported": "torch" in sys.modules,
            "forms": [
                {
                    "file": form.path.name,
                    "precision": form.card.precision,
                    "ratio": _spread(kept[i]["ratio"]),
                    "core_ratio": _spread(kept[i]["core_ratio"]),
                    "network_share": round(statistics.median(kept[i]["share"]), 3),
                    "same_top5": same[i],
                    "pictures": count,
                    "bound_by": bound[i],
                }
                for i, form in enumerate(forms)
            ],
        }


def lines(found: dict[str, Any]) -> list[str]:
    """The result for a terminal."""
    rows = [
        f"{found['machine']['device']}: {found['photographs']} photographs of "
        f"{found['pixels'][0]} x {found['pixels'][1]}, "
        f"{counted(found['rounds'], 'round')} in turns",
        found["machine"]["caution"],
        f"Times the pictures a second of {found['reference']}:",
    ]
    for form in found["forms"]:
        rows.append(
            f"  {form['file']} ({form['precision']}): {_range(form['ratio'])}; by processor time "
            f"{_range(form['core_ratio'])}; same five classes on {form['same_top5']} of "
            f"{form['pictures']}"
        )
    return rows


def _range(spread: dict[str, float]) -> str:
    return f"{spread['median']:.2f} ({spread['low']:.2f} to {spread['high']:.2f})"


def _spread(ratios: list[float]) -> dict[str, float]:
    found = {"median": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}
    return {name: round(value, 3) for name, value in found.items()}


def _pass(form: Classifier, source: DataSet, threads: int) -> dict[str, Any]:
    """One evaluation: its answers, how long it took, and what set its pace."""
    count = len(form.card.labels)
    every = tuple(str(i) for i in range(count))
    classes = Classes({}, every, {}, np.arange(count), ())
    evaluator = Evaluator(form, source, classes, batch=BATCH, threads=threads)
    began, worked = time.perf_counter(), time.process_time()
    results = [one for batch in evaluator.results() for one in batch]
    pace = evaluator.pace
    return {
        "seconds": time.perf_counter() - began,
        "core_seconds": time.process_time() - worked,
        "top5": [[int(k) for k in one.top] for one in results],
        "network_share": pace.network / (pace.network + pace.waiting),
        "bound_by": pace.bound_by,
    }
