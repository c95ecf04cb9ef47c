"""`benchmark --learn`: how fast a learning step runs here, on each device, in turns.

The file is what `python -m model_export --learn` writes, or one of `docs/assets/learning`. Batches
are noise, since the time does not depend on the pictures. The weights go in and come out of each
step, as they do in the page "Learn it here"; on a graphics card that copy is a part of the time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.errors import DeviceError, ModelError, UsageError
from demo.report import counted
from demo.runtime.machine import describe
from demo.runtime.session import check_file, open_session
from model_export.contract import onnx_file

DEVICES = ("cpu", "cuda")  # the WebGPU plug-in leaves a part of the step to the processor
METADATA_KEY = "alexnet_learning"  # the exporter's, for the card of a learning step
AGREES = 1e-3
"""Largest relative difference of a device's first losses from the first device's."""
_LOSSES, _LEAST, _MOST = 3, 3, 200


class Candidate:
    """A learning step on a device, with its weights."""

    def __init__(self, file: Path, device: str, threads: int, batch: int) -> None:
        runtime = open_session(file, device, threads)  # type: ignore[arg-type]
        self.session, self.note = runtime.session, runtime.note
        self.device, self.losses, self.rounds = device, list[float](), list[list[float]]()
        random = np.random.default_rng(2012)
        self.inputs: dict[str, NDArray[np.float32]] = {}
        for one in self.session.get_inputs():
            shape = [side if isinstance(side, int) else batch for side in one.shape]
            values: NDArray[Any] = random.standard_normal(shape)
            if one.name.startswith("w"):
                values *= (2 / np.prod(shape[1:])) ** 0.5
            elif one.name.startswith(("b", "m_")):
                values *= 0
            elif one.name == "mask":
                values = values > 0
            elif one.name == "y":
                values = np.eye(shape[1])[np.arange(batch) % shape[1]]
            self.inputs[one.name] = np.asarray(values, np.float32)
        self.inputs["rate"] = np.array(0.001, np.float32)
        self.inputs["momentum"] = np.array(0.9, np.float32)
        self.outputs = [one.name for one in self.session.get_outputs()]

    def step(self) -> float:
        """One step; its milliseconds."""
        began = time.perf_counter()
        found = self.session.run(None, self.inputs)
        took = 1000 * (time.perf_counter() - began)
        named = dict(zip(self.outputs, found, strict=True))
        if len(self.losses) < _LOSSES:
            self.losses.append(float(named["loss"]))
        for name, value in named.items():
            if name.startswith("new_"):
                self.inputs[name.removeprefix("new_")] = value
        return took

    def turn(self, seconds: float) -> None:
        """A step that warms up, and as many as fill the seconds, 3 to 200."""
        runs = min(_MOST, max(_LEAST, round(1000 * seconds / self.step())))
        self.rounds.append([self.step() for _ in range(runs)])


def run(
    files: Sequence[Path],
    devices: Sequence[str],
    batch: int | None,
    threads: int,
    rounds: int,
    seconds: float,
) -> dict[str, Any]:
    """Time every file on every device, round after round.

    Args:
        files: learning steps.
        devices: of `DEVICES`.
        batch: pictures a step; None: what the file's card says.
        threads: of the processor; 0: all.
        rounds, seconds: turns of each, and about how long one lasts.

    Returns:
        ``machine`` and ``steps``: file, device, batch, ms a step (median and quartiles), pictures a
        second, billion operations a second and the first losses.

    Raises:
        UsageError: no learning step, or an unknown device.
        DeviceError: a device does not work here, or computes something else.
    """
    for device in devices:
        if device not in DEVICES:
            raise UsageError(
                f"--provider {device}: unknown with --learn; give {', '.join(DEVICES)}"
            )
    rows = []
    for file in files:
        check_file(file)
        card = _card(file)
        size = batch or int(card["batch"])
        candidates = [Candidate(file, device, threads, size) for device in devices]
        for _ in range(rounds):
            for one in candidates:
                one.turn(seconds)
        for one in candidates:
            wanted = candidates[0].losses
            apart = max(abs(a / b - 1) for a, b in zip(one.losses, wanted, strict=True))
            if not apart <= AGREES:
                raise DeviceError(
                    f"{one.device} computes something else than {candidates[0].device}: its first "
                    f"losses differ by {apart:.1e} (at most {AGREES:.0e}); no time is given"
                )
            times = [ms for turn in one.rounds for ms in turn]
            first, _, third = quantiles(times, n=4)
            rate = 1000 * size / median(times)
            rows.append(
                {
                    "file": file.name,
                    "device": one.device,
                    "note": one.note,
                    "batch": size,
                    "steps": len(times),
                    "ms": {"first": first, "median": median(times), "third": third},
                    "pictures_s": rate,
                    "operations_s": rate * int(card["operations"]),
                    "losses": one.losses,
                }
            )
    gpu = any(device != "cpu" for device in devices)
    return {"machine": describe(gpu, None), "threads": threads, "rounds": rounds, "steps": rows}


def _card(file: Path) -> dict[str, Any]:
    text = onnx_file.parse(file.read_bytes()).metadata.get(METADATA_KEY)
    if text is None:
        raise UsageError(
            f"{file}: no learning step; `python -m model_export --learn` writes one, "
            "build/learning-step.onnx"
        )
    card: dict[str, Any] = json.loads(text)
    if not {"batch", "operations"} <= card.keys():
        raise ModelError(f"{file}: written by an older exporter; write it again with --learn")
    return card


def lines(found: dict[str, Any]) -> list[str]:
    """The results as a table for a terminal."""
    wide = max(len(f"{row['file']} {row['device']}") for row in found["steps"]) + 1
    told = [
        f"{found['machine']['device']}, {counted(found['rounds'], 'round')} in turns",
        f"  {'':{wide}}{'batch':>7}{'ms a step':>11}{'quartiles':>18}{'pictures/s':>12}"
        f"{'10^9 operations/s':>19}",
    ]
    for row in found["steps"]:
        ms = row["ms"]
        quartiles = f"{ms['first']:.1f} to {ms['third']:.1f}"
        told.append(
            f"  {row['file'] + ' ' + row['device']:{wide}}{row['batch']:7}{ms['median']:11.1f}"
            f"{quartiles:>18}{row['pictures_s']:12,.0f}{row['operations_s'] / 1e9:19,.1f}"
        )
    return told
