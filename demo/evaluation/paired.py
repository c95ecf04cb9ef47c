"""`python -m demo.evaluation.paired MODEL...`: whole evaluations beside PyTorch's, in turns.

The usual loop is torchvision's `ImageFolder` and transforms, a `DataLoader` with two workers and
the network eager in fp32 (`model_export.processes.torch_loop`), in a process of its own. This
program runs the very code of `evaluate`, and imports no torch. Every round is one pass of each
over the same full-size photographs, in alternating order; ratios are formed within a round. The
first round warms up and is not counted.

The answer is one JSON object; of shared or virtual cores it holds ratios and no times::

    {"machine": {...}, "date", "photographs", "pixels", "bytes", "rounds", "reference", "network",
     "torch_imported": false,
     "forms": [{"file", "precision", "ratio": {"median", "low", "high"}, "core_ratio": {...},
                "network_share", "same_top5", "pictures", "bound_by"}]}

``ratio`` is how many times the pictures a second; ``core_ratio`` how many times less processor
time a picture takes, all threads and processes together, which other programs disturb less.
``network_share`` is how much of our own time the network alone took, 0 to 1: with all else free,
the ratio would be as much higher and no more.
"""

from __future__ import annotations

import datetime
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from demo.errors import AlexNetError, DeviceError
from demo.evaluation import photographs
from demo.places import ROOT
from demo.report import complain
from demo.runtime import machine as here

if TYPE_CHECKING:
    from demo.classifier import Classifier
    from demo.datasets.layouts import DataSet

BATCH, WORKERS = 32, 2


class UsualLoop:
    """PyTorch's loop in its process; a context manager."""

    def __init__(self, model: Path, data: Path) -> None:
        asked = {"file": str(model.resolve()), "data": str(data), "workers": WORKERS}
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "model_export.processes.torch_loop",
                json.dumps(asked | {"batch": BATCH}),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.told = self._read()

    def __enter__(self) -> UsualLoop:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self) -> dict[str, Any]:
        """``seconds`` of a pass, ``core_seconds`` of processor time in it, ``top5`` classes."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, said = self._process.communicate()
            last = (said.strip().splitlines() or ["it said nothing"])[-1]
            reason = re.sub(r"^[\w.]+(Error|Exception|Lacks): ", "", last)
            raise DeviceError(f"PyTorch's loop does not run here: {reason}")
        told: dict[str, Any] = json.loads(line)
        return told


def run(models: list[Path], data: Path, rounds: int) -> dict[str, Any]:
    """Let all take turns.

    Args:
        models: forms of one network, the fp32 file first: PyTorch runs that.
        data: class folders of photographs.
        rounds: that count.
    """
    from demo.classifier import Classifier
    from demo.datasets.layouts import open_data

    source = open_data(data)
    busy = here.load()
    with ExitStack() as stack:
        forms = [stack.enter_context(Classifier(m, "cpu", threads=1)) for m in models]
        loop = stack.enter_context(UsualLoop(models[0], data))
        ratios: list[list[float]] = [[] for _ in forms]
        work: list[list[float]] = [[] for _ in forms]
        shares: list[list[float]] = [[] for _ in forms]
        same, bound = [0] * len(forms), [""] * len(forms)
        for number in range(rounds + 1):
            usual = loop.run()
            if number % 2:
                ours = [_pass(form, source) for form in forms]
            else:
                ours = [_pass(form, source) for form in reversed(forms)][::-1]
            for i, mine in enumerate(ours):
                pairs = zip(mine["top5"], usual["top5"], strict=True)
                same[i] = sum(set(a) == set(b) for a, b in pairs)
                bound[i] = mine["bound_by"]
                if number:
                    ratios[i].append(usual["seconds"] / mine["seconds"])
                    work[i].append(usual["core_seconds"] / mine["core_seconds"])
                    shares[i].append(mine["network_share"])
    sizes = [len(source.read(p.name)) for p in source.pictures]
    return {
        "machine": here.describe(False, busy),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "photographs": len(source.pictures),
        "pixels": [photographs.WIDTH, photographs.HEIGHT],
        "bytes": round(statistics.mean(sizes)),
        "rounds": rounds,
        "reference": f"{loop.told['version']}: DataLoader, {WORKERS} workers, batch {BATCH}, "
        "eager fp32",
        "network": forms[0].card.architecture,
        "torch_imported": "torch" in sys.modules,
        "forms": [
            {
                "file": form.path.name,
                "precision": form.card.precision,
                "ratio": _spread(ratios[i]),
                "core_ratio": _spread(work[i]),
                "network_share": round(statistics.median(shares[i]), 3),
                "same_top5": same[i],
                "pictures": len(source.pictures),
                "bound_by": bound[i],
            }
            for i, form in enumerate(forms)
        ],
    }


def _spread(ratios: list[float]) -> dict[str, float]:
    found = {"median": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}
    return {name: round(value, 3) for name, value in found.items()}


def _pass(form: Classifier, source: DataSet) -> dict[str, Any]:
    """One evaluation, told as `UsualLoop.run` does, and what set its pace."""
    import numpy as np

    from demo.datasets.classes import Classes
    from demo.evaluation.evaluator import Evaluator

    count = len(form.card.labels)
    every = tuple(str(i) for i in range(count))
    classes = Classes({}, every, {}, np.arange(count), ())
    evaluator = Evaluator(form, source, classes, batch=BATCH)
    began, worked = time.perf_counter(), time.process_time()
    rows = [row for rows in evaluator.rows() for row in rows]
    pace = evaluator.pace
    return {
        "seconds": time.perf_counter() - began,
        "core_seconds": time.process_time() - worked,
        "top5": [[int(k) for k in row.top] for row in rows],
        "network_share": pace.network / (pace.network + pace.waiting),
        "bound_by": pace.bound_by,
    }


def main(
    models: Annotated[
        list[Path], typer.Argument(help="Forms of one network, the fp32 file first.")
    ],
    count: Annotated[int, typer.Option("--photographs", min=32, help="How many are made.")] = 384,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds that count.")] = 7,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the answer there.")
    ] = None,
) -> None:
    """Time whole evaluations of full-size photographs beside PyTorch's usual loop."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            photographs.write(Path(folder), count)
            found = run(models, Path(folder), rounds)
    except AlexNetError as error:
        complain(str(error))
        raise typer.Exit(error.exit_code) from None
    text = json.dumps(found, indent=1) + "\n"
    sys.stdout.write(text)
    if save:
        try:
            save.parent.mkdir(parents=True, exist_ok=True)
            save.write_text(text, "utf-8")
        except OSError as error:
            complain(f"{save}: cannot be written ({error.strerror}); name a file elsewhere")
            raise typer.Exit(2) from None


if __name__ == "__main__":
    typer.run(main)
