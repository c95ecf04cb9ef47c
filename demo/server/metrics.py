"""Figures for Prometheus, at `/metrics`."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
disable_created_metrics()  # type: ignore[no-untyped-call]
_BATCH = (1, 2, 4, 8, 16, 32)


class Metrics:
    """What one server counts; a registry of its own, so that tests can hold several."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "alexnet_requests", "Requests by route and status.", ["route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "alexnet_request_seconds", "Time from the headers to the end of the answer.",
            ["route"], buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.steps = Histogram(
            "alexnet_step_seconds", "Time in one step: decode, queue or inference.", ["step"],
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.batches = Histogram(
            "alexnet_batch_pictures", "Pictures that went through the network together.",
            buckets=_BATCH, registry=self.registry,
        )  # fmt: skip
        self._info = Info("alexnet_model", "The network and where it runs.", registry=self.registry)

    def observe(self, name: str, value: float) -> None:
        """One value of a step in seconds, or of ``batch`` in pictures."""
        if name == "batch":
            self.batches.observe(value)
        else:
            self.steps.labels(name).observe(value)

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that is read when it is asked for."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def describe(self, **labels: str) -> None:
        """What runs, as labels."""
        self._info.info(labels)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self.registry)
