"""PyTorch beside the runner, in a process of its own, which this one never imports.

    with TorchPeer(Path("build/alexnet64.onnx")) as peer:
        logits, seconds = peer.run(batch)

The worker is `model_export.processes.torch_worker`. It dies with this process, whatever becomes of
that.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from demo.errors import AlexNetError, DeviceError, ResultError, UsageError
from demo.places import ROOT
from model_export.contract.torch_messages import (
    Array,
    Failed,
    Load,
    Loaded,
    Logits,
    Quit,
    Reply,
    Request,
    Run,
    receive_reply,
    send,
)

_ERRORS: dict[int, type[AlexNetError]] = {1: ResultError, 2: UsageError, 3: DeviceError}
_Answer = TypeVar("_Answer", Loaded, Logits)


class TorchPeer:
    """The network of an exported file in PyTorch, eager, fp32.

    Args:
        file: the exported ONNX file, of any precision.
        threads: of PyTorch's own operations; 0 leaves its choice.
        device: ``cpu`` or ``cuda``.
        weights: the file of weights that ``file`` was made from, where that is neither bundled nor
            in the cache.

    Attributes:
        loaded: version, device and weights, as the worker says.

    Raises:
        DeviceError: PyTorch is not installed, there is no such GPU, or the original weights are
            not here.
        ResultError: the file is none of our networks'.
        UsageError: no such file, or ``weights`` is none.
    """

    def __init__(
        self,
        file: Path,
        threads: int = 0,
        device: Literal["cpu", "cuda"] = "cpu",
        weights: Path | None = None,
    ) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `close`)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "model_export.processes.torch_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, "PYTHONPATH": _import_path()},
        )
        named = str(weights) if weights else None
        try:
            self.loaded = self._ask(Load(str(file), threads, device, named), Loaded)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> TorchPeer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def run(self, batch: NDArray[Any]) -> tuple[NDArray[np.float32], float]:
        """Logits (N, classes) of a batch (N, 3, size, size), and the seconds it took there.

        Raises:
            DeviceError: its process has ended.
        """
        answer = self._ask(Run(Array.of(batch)), Logits)
        return answer.logits.numpy(), answer.seconds

    def close(self) -> None:
        """End the process; closing twice does no harm."""
        process = self._process
        if process.poll() is None:
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                send(process.stdin, Quit())
            try:
                process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdin, process.stdout, self._said):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _ask(self, request: Request, wanted: type[_Answer]) -> _Answer:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        reply: Reply | None = None
        try:
            send(self._process.stdin, request)
            reply = receive_reply(self._process.stdout)
        except (OSError, ValueError):  # it has ended: the code below says how
            reply = None
        except KeyboardInterrupt:  # its answer would be taken for the next one's
            self._process.kill()
            raise
        if isinstance(reply, Failed):
            raise _ERRORS.get(reply.exit_code, DeviceError)(reply.message)
        if reply is None:
            raise DeviceError(
                f"PyTorch's process ended by itself ({self._last_words()}); where memory was "
                "short, a smaller --batch needs less"
            )
        assert isinstance(reply, wanted)
        return reply

    def _last_words(self) -> str:
        """Its exit status, and the last line that it wrote on standard error."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        if self._said.closed:
            return "it was closed"
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return f"status {self._process.returncode}: {last}"


def _import_path() -> str:
    """This process's, so that the worker is of the same copy."""
    root = str(ROOT)
    return os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
