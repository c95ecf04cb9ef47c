"""`evaluate --cluster`: the same evaluation over Ray Data, for data that outgrow one machine.

Each worker is an actor that opens the data set and the model by their paths, which every machine
of the cluster must see alike (a shared folder). It runs the same code as `evaluate` on one machine
(`demo.evaluation.evaluator`), on the same groups of pictures, and gives back the same rows. So the
counts are those of a single machine, whatever the number of workers. A block whose worker dies is
given to another.

Without ``RAY_ADDRESS`` in the environment a small Ray is started on this machine alone, bound to
127.0.0.1, and stopped at the end.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from demo.errors import DeviceError
from demo.evaluation.tally import Row
from demo.places import ROOT

INSTALL = 'pip install -c constraints.txt -e ".[cluster]"'
_WITHOUT = "without --cluster this machine does the same by itself"
_ATTEMPTS = 3
_SECONDS = 10.0  # for a machine to answer at all
_STORE = 200 * 2**20  # bytes of Ray's shared memory here: rows are small


@dataclass(frozen=True)
class Job:
    """What every worker needs to know: plain values, so that they travel."""

    data: str
    ground_truth: str | None
    model: str
    device: str
    views: int
    batch: int
    intersection: bool


class Worker:
    """One actor: a data set and a network, opened once.

    Ray Data calls it with groups of places in the data set, a group a batch of the network.
    """

    def __init__(self, job: Job) -> None:
        from demo.classifier import Classifier
        from demo.datasets.classes import match
        from demo.datasets.layouts import open_data

        self._job = job
        truth = Path(job.ground_truth) if job.ground_truth else None
        self._data = open_data(Path(job.data), truth)
        device: Any = job.device
        self._classifier = Classifier(job.model, device, threads=1)
        known = (picture.wnid for picture in self._data.pictures)
        self._classes = match(self._classifier.card, known, job.intersection)

    def __call__(self, block: dict[str, Any]) -> dict[str, Any]:
        """Groups of places to the rows of each, as JSON."""
        return {"rows": [json.dumps(self._rows(text)) for text in block["places"]]}

    def _rows(self, places: str) -> list[tuple[Any, ...]]:
        from demo.evaluation.evaluator import Evaluator

        part = tuple(self._data.pictures[int(place)] for place in places.split())
        job = self._job
        evaluator = Evaluator(
            self._classifier,
            replace(self._data, pictures=part),
            self._classes,
            job.views,
            job.batch,
            threads=1,
        )
        return [astuple(row) for rows in evaluator.rows() for row in rows]


def evaluate_on_cluster(job: Job, places: Sequence[int], workers: int) -> Iterator[list[Row]]:
    """The rows of the pictures at these places of the data set, in their order, group by group.

    Args:
        job: what the workers open.
        places: of the pictures to evaluate.
        workers: actors at a time.

    Raises:
        DeviceError: Ray is not installed, does not start or answer, or the workers fail.
    """
    _find_cluster()
    ray = _ray()
    size = max(1, job.batch // job.views)
    groups = [
        {"places": " ".join(map(str, places[i : i + size]))} for i in range(0, len(places), size)
    ]
    if not groups:
        return
    with _quiet(), _running(ray, workers):
        try:
            source = ray.data.from_items(groups, override_num_blocks=len(groups))
            done = source.map_batches(
                Worker,
                fn_constructor_args=(job,),
                batch_size=1,
                batch_format="numpy",
                compute=ray.data.ActorPoolStrategy(size=workers),
                num_cpus=1,
                num_gpus=int(job.device == "cuda"),
            )
            for group in done.iter_rows():
                yield [_row(*told) for told in json.loads(group["rows"])]
        except ray.exceptions.RayError as error:
            lines = [line for line in str(error).splitlines() if line.strip()] or ["no reason told"]
            said = " ".join(lines[-1].split())[-300:]
            raise DeviceError(f"the cluster failed: {said}; {_WITHOUT}") from None


def _row(file: str, truth: str, top: list[str], probabilities: list[float], error: str) -> Row:
    return Row(file, truth, tuple(top), tuple(probabilities), error)


def _find_cluster() -> None:
    """Whether anything answers where RAY_ADDRESS says; Ray itself would try for minutes.

    Raises:
        DeviceError: nothing does.
    """
    address = os.environ.get("RAY_ADDRESS", "")
    place = urlsplit(address if "//" in address else f"//{address}")
    try:
        if place.hostname and place.port:  # else it is one of Ray's own words, such as auto
            socket.create_connection((place.hostname, place.port), _SECONDS).close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DeviceError(
            f"no Ray answers at RAY_ADDRESS={address} ({reason}); start one there with `ray start "
            "--head`, or unset RAY_ADDRESS for one on this machine"
        ) from None


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers
    if not os.environ.get("RAY_ADDRESS"):  # read when Ray is imported: keep to the loopback address
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ray
            import ray.data
    except ModuleNotFoundError:
        raise DeviceError(f"--cluster needs Ray, and it is not installed: {INSTALL}") from None
    return ray


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Ray says of lost workers off standard output, which is the report's alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        if sys.__stdout__ is not None:
            sys.__stdout__.flush()
        os.dup2(kept, 1)
        os.close(kept)


@contextlib.contextmanager
def _running(ray: Any, workers: int) -> Iterator[None]:
    """A Ray: the one that RAY_ADDRESS names, or one of this machine for as long as it is needed."""
    elsewhere = bool(os.environ.get("RAY_ADDRESS"))
    here = str(ROOT)
    settings: dict[str, Any] = {
        "logging_level": logging.ERROR,
        "log_to_driver": False,
        "runtime_env": {"env_vars": {"PYTHONPATH": here}},
    }
    if not elsewhere:
        settings |= {
            "num_cpus": workers,
            "object_store_memory": _STORE,
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }
    _start(ray, settings)
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    try:
        yield
    finally:
        ray.shutdown()


def _start(ray: Any, settings: dict[str, Any]) -> None:
    """Start or join Ray. It gives itself 30 seconds, and a busy machine may need a second go."""
    for attempt in range(_ATTEMPTS):
        try:
            ray.init(**settings)
            return
        except Exception as error:  # Ray raises nearly anything; the person gets one line of it
            ray.shutdown()
            said = " ".join(str(error).split())
            if "timed out" not in said or attempt == _ATTEMPTS - 1:
                where = os.environ.get("RAY_ADDRESS", "this machine")
                raise DeviceError(
                    f"Ray does not run on {where}: {said[:300]}; {_WITHOUT}"
                ) from None
