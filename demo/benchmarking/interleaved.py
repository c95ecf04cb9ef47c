"""Interleaved timing for `benchmark`: candidates in processes of their own, rounds, ratios."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from demo.errors import DeviceError, ModelError, UsageError
from demo.runtime import machine as here
from demo.runtime.session import CPU, CUDA, MAKE_ONE, NVIDIA, TENSORRT, card_in, check_file
from demo.runtime.worker import Worker
from model_export.contract import onnx_file
from model_export.contract.card import ModelCard
from model_export.contract.errors import AlexNetError

SCHEMA_VERSION = 1
PROVIDERS = {"cpu": CPU, "cuda": CUDA, "tensorrt": TENSORRT}
"""What may be asked for, and ONNX Runtime's names of them."""

_ON_CARDS = (*NVIDIA, "cuda")  # the last is PyTorch's name
_MOST_RUNS = 200


@dataclass(frozen=True)
class Entry:
    """What takes part: a file, or for PyTorch the network that the file's card names.

    ``provider`` is the engine's own name of where it runs; ``weight_bytes`` is the size of the
    weights in the file, and ``multiply_adds`` what one picture takes.
    """

    file: Path
    card: ModelCard
    engine: str
    provider: str
    precision: str
    weight_bytes: int
    multiply_adds: int

    def start(self, threads: int) -> Worker:
        """Its process."""
        asked: dict[str, Any] = {"do": "time", "engine": self.engine, "threads": threads}
        if self.engine.startswith("torch"):
            package, verb = "model_export", "torch-peer"
            asked |= {
                "architecture": self.card.architecture,
                "classes": len(self.card.labels),
                "device": self.provider,
            }
        else:
            package, verb = "demo", "worker"
            asked |= {
                "file": str(self.file.resolve()),
                "provider": self.provider,
                "precision": self.precision,
            }
        name = f"{self.engine} ({self.provider}, {self.precision})"
        return Worker(package, verb, asked, name, here.environment(threads))


class Candidate:
    """A running entry; `turn` times it for a while.

    Attributes:
        info: version, provider, how it runs and the seconds until it was ready.
        first_ms: of each batch size, the very first run in milliseconds.
        times: of each batch size, round by round, the milliseconds of every run.
        work: the same of processor time.
        peak_bytes: the most memory that its process has held.

    Raises:
        DeviceError: the engine or the provider does not work here.
    """

    def __init__(self, entry: Entry, threads: int) -> None:
        self.entry = entry
        self._worker = entry.start(threads)
        self.info = self._worker.ready
        self.first_ms: dict[int, float] = {}
        self.times: dict[int, list[list[float]]] = {}
        self.work: dict[int, list[list[float]]] = {}
        self.peak_bytes = 0

    def turn(self, batch: int, seconds: float) -> None:
        """One warm-up run, then as many as fill about ``seconds``, 3 to 200.

        Raises:
            DeviceError: a run failed, or the process has ended.
        """
        known = self.times.get(batch)
        runs = 3
        if known:
            runs = min(_MOST_RUNS, max(3, round(1000 * seconds / statistics.median(known[-1]))))
        got = self._worker.ask(batch=batch, warm_up=1, runs=runs)
        self.first_ms.setdefault(batch, got.get("first_ms", 0.0))
        self.times.setdefault(batch, []).append(got["ms"])
        self.work.setdefault(batch, []).append(got["core_ms"])
        self.peak_bytes = got["peak_bytes"]

    def close(self) -> None:
        """End the process."""
        self._worker.close()


def run(
    models: Sequence[Path],
    batches: Sequence[int],
    providers: Sequence[str],
    peers: bool,
    threads: int,
    rounds: int,
    seconds: float,
    note: Callable[[str], None],
) -> dict[str, Any]:
    """Time all candidates, interleaved: every round gives each of them one turn.

    Args:
        models: forms of one network.
        batches: pictures at a time.
        providers: of `PROVIDERS`, where ONNX Runtime runs them.
        peers: whether PyTorch and OpenVINO take part, where they are installed.
        threads: of each; 0 takes the cores there are.
        rounds: that count.
        seconds: about how long a turn lasts.
        note: called with one line for each peer that is left out.

    Returns:
        ``machine``, ``run`` and ``candidates``, as the result files hold them (all of them).

    Raises:
        ModelError: a file is no model with a card.
        UsageError: the files are of different networks.
        DeviceError: a provider that was asked for does not work.
    """
    threads = threads or here.cores()
    entries = _entries(models, providers, peers)
    busy = here.load()
    with ExitStack() as stack:
        running: list[Candidate] = []
        for entry in entries:
            try:
                candidate = Candidate(entry, threads)
            except DeviceError as error:
                if entry.engine == "onnxruntime":
                    raise
                note(f"left out: {error}")
                continue
            stack.callback(candidate.close)
            running.append(candidate)
        machine = here.measure(threads, "cpu" not in providers, busy)
        for number in range(rounds + 1):  # the first round warms up and is not counted
            for batch in batches:
                for candidate in running[:: 1 if number % 2 else -1]:  # no one is always first
                    candidate.turn(batch, seconds if number else 0)
        for candidate in running:
            for kept in (*candidate.times.values(), *candidate.work.values()):
                del kept[0]
    reference = next((c for c in running if c.entry.engine == "torch"), running[0])
    return {
        "schema_version": SCHEMA_VERSION,
        "machine": machine,
        "run": {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "threads": threads,
            "rounds": rounds,
            "batches": list(batches),
            "reference": reference.entry.engine,
            "reference_precision": reference.entry.precision,
            "network": reference.entry.card.architecture,
        },
        "candidates": [_result(c, reference, machine) for c in running],
    }


def _entries(models: Sequence[Path], providers: Sequence[str], peers: bool) -> list[Entry]:
    entries: list[Entry] = []
    for path in models:
        check_file(path)
        try:
            model = onnx_file.read(path)
        except AlexNetError as error:
            raise ModelError(f"{error}; {MAKE_ONE}") from None
        card = card_in(model.metadata, path)
        if entries and card.architecture != entries[0].card.architecture:
            raise UsageError(
                f"{path}: {card.architecture}, but {entries[0].file} is "
                f"{entries[0].card.architecture}; compare forms of one network"
            )
        size, adds = path.stat().st_size, card.multiply_adds or 0
        # `--precision int4-int8`: int4 as well, and quite another thing to run.
        native = "MatMulNBits" in model.operators
        form = "int4-int8" if native else card.precision
        for name in providers:
            provider = PROVIDERS[name]
            entries.append(Entry(path, card, "onnxruntime", provider, form, size, adds))
        if peers and "cpu" in providers and find_spec("openvino"):
            entries.append(Entry(path, card, "openvino", "CPU", form, size, adds))
    if peers and find_spec("torch") and "AlexNet" in entries[0].card.architecture:
        size = 4 * entries[0].card.parameters
        for device in dict.fromkeys("cpu" if name == "cpu" else "cuda" for name in providers):
            for engine in ("torch", "torch.compile"):
                first = entries[0]
                entries.append(
                    Entry(first.file, first.card, engine, device, "fp32", size,
                          first.multiply_adds)
                )  # fmt: skip
    return entries


def _result(one: Candidate, reference: Candidate, machine: Mapping[str, Any]) -> dict[str, Any]:
    entry = one.entry
    results: list[dict[str, Any]] = []
    for batch, rounds in one.times.items():
        every = np.concatenate([np.asarray(times) for times in rounds])
        p50, p90, p99 = (float(v) for v in np.percentile(every, (50, 90, 99)))
        results.append(
            {
                "batch": batch,
                "runs": len(every),
                "first_ms": one.first_ms[batch],
                "ms": {"p50": p50, "p90": p90, "p99": p99},
                "images_s": 1000 * batch / p50,
                **lower_bounds(
                    entry.provider, entry.weight_bytes, entry.multiply_adds, batch, machine
                ),
                "ratio": _ratio(reference.times[batch], rounds),
            }
        )
        if entry.provider not in _ON_CARDS and reference.entry.provider not in _ON_CARDS:
            results[-1]["core_ratio"] = _ratio(reference.work[batch], one.work[batch])
    return {
        "file": entry.file.name,
        "engine": entry.engine,
        "version": one.info["version"],
        "provider": one.info["provider"],
        "precision": entry.precision,
        "how": one.info["how"],
        "weight_bytes": entry.weight_bytes,
        "session_s": one.info["session_s"],
        "peak_bytes": one.peak_bytes,
        "results": results,
    }


def lower_bounds(
    provider: str, weight_bytes: int, multiply_adds: int, batch: int, machine: Mapping[str, Any]
) -> dict[str, float]:
    """Roofline of a batch in milliseconds: the time to read the weights, the time to multiply, and
    the greater of both; empty for a graphics card, whose peaks are not measured."""
    if provider in _ON_CARDS:
        return {}
    read = 1000 * weight_bytes / machine["read_bytes_s"]
    multiply = 1000 * batch * multiply_adds / machine["multiply_adds_s"]
    return {"bound_ms": max(read, multiply), "bound_bytes_ms": read, "bound_adds_ms": multiply}


def _ratio(theirs: list[list[float]], ours: list[list[float]]) -> dict[str, float]:
    """Round by round, of the medians."""
    ratios = [
        statistics.median(one) / statistics.median(other)
        for one, other in zip(theirs, ours, strict=True)
    ]
    return {"median": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}


def recommended(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fastest exported form at each batch size, and the engine that runs it so.

    Where that is not ONNX Runtime, ``here`` holds the fastest that this runner can use itself.
    """
    best = []
    for batch in found["run"]["batches"]:
        rows = [
            {key: row[key] for key in ("file", "engine", "precision", "provider")}
            | {"p50_ms": cell["ms"]["p50"]}
            for row in found["candidates"]
            for cell in row["results"]
            if cell["batch"] == batch and not row["engine"].startswith("torch")
        ]
        rows.sort(key=lambda row: row["p50_ms"])
        fastest = {"batch": batch, **rows[0]}
        if fastest["engine"] == "openvino":
            fastest["here"] = next(row for row in rows if row["engine"] != "openvino")
        best.append(fastest)
    return best
