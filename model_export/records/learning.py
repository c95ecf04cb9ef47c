"""What the page "Learn it here" shows beside the reader's run.

`python -m model_export record learning` writes five runs of each setting to
`docs/data/results/learning.json`: the error on the pictures that a run learns from and on 500 new
ones, every 25 steps. With a folder it writes the learning steps of `forms.learning.ALL` there.

The runs take half an hour of one core. They are of one thread, so a processor repeats its own; on
another the last digits differ, and after some steps the runs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import prod
from pathlib import Path

import numpy as np
import onnxruntime
import typer
from numpy.typing import NDArray

from model_export.contract import onnx_file
from model_export.contract.sessions import CPU
from model_export.forms.learning import ALL, BATCH, CLASSES, MOMENTUM, RATE, step_of
from model_export.learning_export import export_learning
from model_export.training import drawn

ROOT = Path(__file__).parents[2]
FILES = ROOT / "docs" / "assets" / "learning"
RECORD = ROOT / "docs" / "data" / "results" / "learning.json"
SEEDS = (1, 2, 3, 4, 5)
STEPS, EVERY, TESTED = 300, 25, 500


@dataclass(frozen=True)
class Setting:
    """What a run differs in from the first of `SETTINGS`."""

    id: str
    network: str = "shapes"
    count: int = 4000
    vary: bool = False
    rate: float = RATE
    batch: int = BATCH


SETTINGS = (
    Setting("usual"),
    Setting("tanh", "shapes-tanh"),
    Setting("shallow", "shapes-shallow"),
    Setting("few", count=200),
    Setting("few-varied", count=200, vary=True),
    Setting("few-dropout", "shapes-dropout", count=200),
    Setting("overlap", "shapes-overlap"),
    Setting("towers", "shapes-towers"),
    Setting("deep", "shapes-deep"),
    Setting("norm", "shapes-norm"),
    Setting("small-steps", batch=16),
)


@lru_cache(maxsize=len(SEEDS))
def _pictures(seed: int, count: int) -> NDArray[np.uint8]:
    return drawn.pictures(seed, 0, count)


def _open(file: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(file, options, providers=[CPU])


class Run:
    """A network that learns on ONNX Runtime with one thread, as the page's `Learner` does."""

    def __init__(self, setting: Setting, seed: int, files: Path = FILES) -> None:
        self.setting, self.seed, self.steps = setting, seed, 0
        self.step_file = _open(files / f"{setting.network}.onnx")
        self.network = _open(files / f"{setting.network}-forward.onnx")
        self.levels = _pictures(seed, setting.count)
        shapes = {i.name: tuple(i.shape) for i in self.step_file.get_inputs()}
        self.units = shapes["mask"][1] if "mask" in shapes else 0
        first = drawn.weights([s for name, s in shapes.items() if name.startswith("w")], seed)
        self.state = [*first, *(np.zeros_like(values) for values in first)]

    def step(self) -> tuple[float, float]:
        """One step; the loss and the share of wrong answers before it, on its own batch."""
        setting = self.setting
        chosen = drawn.batch(self.seed, self.steps, setting.batch, setting.count, setting.vary)
        levels = np.stack(
            [drawn.moved(self.levels[i], *how) for i, *how in zip(*chosen, strict=True)]
        )
        x, y = drawn.normalised(levels), np.eye(CLASSES, dtype=np.float32)[chosen[0] % CLASSES]
        batch = [x, y]
        if self.units:
            batch.append(drawn.mask(self.seed, self.steps, setting.batch, self.units))
        rates = [np.array(value, np.float32) for value in (setting.rate, MOMENTUM)]
        names = [i.name for i in self.step_file.get_inputs()]
        given = dict(zip(names, [*batch, *rates, *self.state], strict=True))
        loss, right, *self.state = self.step_file.run(None, given)
        self.steps += 1
        return float(loss), 1 - float(right) / setting.batch

    def test(self, x: NDArray[np.float32]) -> float:
        """The share of wrong answers to normalised pictures, of which picture i is of kind i."""
        weights = self.state[: len(self.state) // 2]
        names = [i.name for i in self.network.get_inputs()]
        (logits,) = self.network.run(["logits"], dict(zip(names, [x, *weights], strict=True)))
        return float((logits.argmax(1) != np.arange(len(x)) % CLASSES).mean())


def _count(network: str) -> int:
    """How many weights and biases a network has."""
    shapes = step_of(ALL[network]).shapes
    return sum(prod(shape) + shape[0] for shape in shapes)


def runs_of(setting: Setting, steps: int = STEPS) -> list[dict[str, object]]:
    """A setting's runs, their errors in per cent by step."""
    x = drawn.normalised(drawn.pictures(drawn.TEST_SEED, 0, TESTED))
    runs: list[dict[str, object]] = []
    for seed in SEEDS:
        run = Run(setting, seed)
        train: list[float] = []
        tests = [100 * run.test(x)]
        learned: list[float | None] = [None]
        for at in range(1, steps + 1):
            train.append(run.step()[1])
            if at % EVERY == 0:
                tests.append(100 * run.test(x))
                learned.append(round(100 * float(np.mean(train[-EVERY:])), 2))
        runs.append({"seed": seed, "test": [round(t, 1) for t in tests], "train": learned})
        words = f"{setting.id}, seed {seed}: {tests[-1]:.1f}% of new pictures wrong"
        typer.echo(words, err=True)
    return runs


def main(folder: Path | None = None) -> None:
    """Write the learning steps of the page "Learn it here" into a folder; without one, the record
    of the runs, of which those stay that are of the same setting and the same file."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        for network in ALL:
            export_learning(folder / f"{network}.onnx", network=network)
        return
    before = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    of_before = {
        json.dumps({**row, "runs": None}, sort_keys=True): row["runs"]
        for row in before.get("settings", [])
    }
    networks = list(dict.fromkeys(setting.network for setting in SETTINGS))
    graphs = {
        name: onnx_file.graph_sha256((FILES / f"{name}.onnx").read_bytes()) for name in networks
    }
    found = {
        "steps": STEPS,
        "every": EVERY,
        "batch": BATCH,
        "tested": TESTED,
        "weights": {name: _count(name) for name in networks},
        "graph_sha256": graphs,
        "settings": [],
    }
    rows: list[dict[str, object]] = []
    for setting in SETTINGS:
        row = {**asdict(setting), "runs": None}
        known = of_before.get(json.dumps(row, sort_keys=True))
        same = before.get("graph_sha256", {}).get(setting.network) == graphs[setting.network]
        rows.append({**row, "runs": known if known and same else runs_of(setting)})
        # After each setting, so that a run that is stopped goes on from there.
        RECORD.write_text(json.dumps({**found, "settings": rows}, indent=1) + "\n", "utf-8")
