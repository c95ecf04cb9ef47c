"""A process that works for this one: another engine, a trial that may crash, PyTorch.

`model_export.contract.worker` is its side. The process ends with this one, whatever becomes of it:
its standard input ends then.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from typing import Any

from demo.errors import AlexNetError, DeviceError, ResultError, UsageError
from demo.places import ROOT

_ERRORS: dict[int, type[AlexNetError]] = {1: ResultError, 2: UsageError, 3: DeviceError}


class Worker:
    """A process and the conversation with it; a context manager.

    Args:
        package, verb: what is started, ``python -m PACKAGE VERB JSON``.
        asked: what it loads.
        name: what messages call it.
        environment: variables beside this process's own.
        timeout: seconds for each answer; None waits.

    Attributes:
        ready: its first line.

    Raises:
        AlexNetError: by the exit code that it gave; DeviceError where it ended by itself.
    """

    def __init__(
        self,
        package: str,
        verb: str,
        asked: object,
        name: str,
        environment: dict[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        self.name = name
        self._timeout = timeout
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `close`)
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", package, verb, json.dumps(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, "PYTHONPATH": path, **(environment or {})},
        )
        try:
            self.ready = self._read()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, **request: object) -> dict[str, Any]:
        """One request, and its answer.

        Raises:
            AlexNetError: as the class.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise self._ended() from None
        return self._read()

    def close(self) -> None:
        """End the process; closing twice does no harm."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        alarm = threading.Timer(self._timeout or 0, self._process.kill)
        if self._timeout:
            alarm.start()
        try:
            line = self._process.stdout.readline()
        finally:
            alarm.cancel()
        if not line:
            raise self._ended()
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            kind = _ERRORS.get(found.get("exit_code", 3), DeviceError)
            raise kind(f"{self.name}: {found['error']}")
        return found

    def _ended(self) -> DeviceError:
        """Its exit status, and the last line that it wrote on standard error."""
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return DeviceError(
            f"{self.name}: its process ended by itself (status {status}: {last[-200:]})"
        )
