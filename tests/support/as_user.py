"""Commands given in the project's folder, as its user would give them."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """A command in the project's folder, as its user would give it."""
    return subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def free_port() -> int:
    """A port that nothing uses, below those that systems give away by themselves: so nobody else
    gets it before the program that it is for."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def get(url: str, wait: float) -> str:
    """The page, asked for until it is there or ``wait`` seconds are over."""
    end = time.monotonic() + wait
    while True:
        try:
            with requests.get(url, timeout=5) as answer:
                answer.raise_for_status()
                answer.encoding = "utf-8"
                return answer.text
        except requests.RequestException:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def start(*command: str, **more: str) -> subprocess.Popen[str]:
    """A command that serves until `stop`; ``more`` is added to its environment."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=ENVIRONMENT | more,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[str]) -> str:
    """Ctrl-C for the whole group; what it printed."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        return process.communicate(timeout=20)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0]
