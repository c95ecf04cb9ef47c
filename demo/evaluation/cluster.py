"""`evaluate --cluster`: the same evaluation over Ray Data, for data that outgrow one machine.

Each worker is an actor that opens the data set and the model by their paths, which every machine
of the cluster must see alike (a shared folder). It runs the code of `evaluate` on one machine, on
the same groups of pictures, so the counts are those of a single machine, whatever the number of
workers. A group whose worker dies is given to another.

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
from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from demo.errors import DeviceError
from demo.evaluation.metrics import Result
from demo.places import ROOT

if TYPE_CHECKING:
    from demo.evaluation.run import EvaluateOptions

INSTALL = 'pip install -c constraints.txt -e ".[cluster]"'
_SECONDS = 10.0  # for a machine to answer at all
_STORE = 200 * 2**20  # bytes of Ray's shared memory here: results are small


class Worker:
    """One actor: a data set and a network, opened once. Ray Data calls it with groups of places in
    the data set, a group a batch of the network."""

    def __init__(self, options: EvaluateOptions) -> None:
        from demo.classifier import open_classifier
        from demo.datasets.classes import match
        from demo.datasets.layouts import open_data

        self._options = options
        self._data = open_data(options.data, options.ground_truth)
        self._classifier = open_classifier(options.network, session_threads=1)
        known = (picture.wnid for picture in self._data.pictures)
        self._classes = match(self._classifier.card, known, options.intersection)

    def __call__(self, block: dict[str, Any]) -> dict[str, Any]:
        """Groups of places to the results of each, as JSON."""
        return {"results": [json.dumps(self._results(text)) for text in block["places"]]}

    def _results(self, places: str) -> list[tuple[Any, ...]]:
        from demo.evaluation.evaluator import Evaluator

        part = tuple(self._data.pictures[int(place)] for place in places.split())
        data = replace(self._data, pictures=part)
        evaluator = Evaluator(
            self._classifier, data, self._classes, self._options.views, self._options.batch, 1
        )
        return [astuple(one) for results in evaluator.results() for one in results]


def evaluate_on_cluster(
    options: EvaluateOptions, places: Sequence[int], workers: int
) -> Iterator[list[Result]]:
    """The results of the pictures at these places of the data set, in their order.

    Args:
        options: what the workers open, its paths absolute.
        places: of the pictures to evaluate.
        workers: actors at a time.

    Raises:
        DeviceError: Ray is not installed, does not start or answer, or the workers fail.
    """
    _find_cluster()
    ray = _ray()
    size = max(1, options.batch // options.views)
    groups = [
        {"places": " ".join(map(str, places[i : i + size]))} for i in range(0, len(places), size)
    ]
    if not groups:
        return
    with _output_to_errors(), _running(ray, workers):
        try:
            source = ray.data.from_items(groups, override_num_blocks=len(groups))
            done = source.map_batches(
                Worker,
                fn_constructor_args=(options,),
                batch_size=1,
                batch_format="numpy",
                compute=ray.data.ActorPoolStrategy(size=workers),
                num_cpus=1,
                num_gpus=int(options.network.device == "cuda"),
            )
            for group in done.iter_rows():
                yield [_result(*fields) for fields in json.loads(group["results"])]
        except ray.exceptions.RayError as error:
            raise DeviceError(_message("the cluster failed", error)) from None


def _result(
    file: str, truth: str, top: list[str], probabilities: list[float], plain: float, error: str
) -> Result:
    return Result(file, truth, tuple(top), tuple(probabilities), plain, error)


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
        raise DeviceError(
            f"no Ray answers at RAY_ADDRESS={address} ({getattr(error, 'strerror', error)}); start "
            "one there with `ray start --head`, or unset RAY_ADDRESS for one on this machine"
        ) from None


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
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
def _output_to_errors() -> Iterator[None]:
    """What Ray prints goes to standard error: standard output is the report's alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


@contextlib.contextmanager
def _running(ray: Any, workers: int) -> Iterator[None]:
    """The Ray that RAY_ADDRESS names, or one of this machine for as long as it is needed."""
    settings: dict[str, Any] = {
        "logging_level": logging.ERROR,
        "log_to_driver": False,
        "runtime_env": {"env_vars": {"PYTHONPATH": str(ROOT)}},
    }
    if not os.environ.get("RAY_ADDRESS"):
        settings |= {
            "num_cpus": workers,
            "object_store_memory": _STORE,
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }
    try:
        ray.init(**settings)
    except Exception as error:  # Ray raises nearly anything
        ray.shutdown()
        where = os.environ.get("RAY_ADDRESS", "this machine")
        raise DeviceError(_message(f"Ray does not run on {where}", error)) from None
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    try:
        yield
    finally:
        ray.shutdown()


def _message(what: str, error: Exception) -> str:
    """One line, with the last of what Ray said."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return f"{what}: {' '.join(lines[-1].split())[-300:]}; without --cluster this machine does it"
