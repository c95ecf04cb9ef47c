"""A crowd for the server: good pictures, garbage, slow senders and aborted uploads at once.

``python -m tests.support.serve_load [SECONDS]`` starts the server as a process of its own, lets 64 clients
at it for a minute, and prints what came of it. `test_serve_load.py` runs a short form.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.demo_model import card, colour_model, probabilities
from tests.support.demo_server import picture

ROOT = Path(__file__).parents[2]
CLIENTS = 64


@dataclass
class Found:
    """What the clients saw.

    ``milliseconds`` are those of good pictures that were answered, tries in vain included;
    ``wrong`` counts good pictures whose answer was not the right one.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def exchange(port: int, content: bytes, pause: float = 0, cut: bool = False) -> bytes:
    """Post a picture; slowly, or only half of it. The answer, or nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = (
            f"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
        )
        writer.write(head.encode() + b"Connection: close\r\n\r\n")
        if cut:
            writer.write(content[: len(content) // 2])
            await writer.drain()
            writer.transport.abort()
            return b""
        for start in range(0, len(content), max(1, len(content) // 4)):
            writer.write(content[start : start + max(1, len(content) // 4)])
            await writer.drain()
            await asyncio.sleep(pause)
        return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def client(port: int, chance: random.Random, until: float, found: Found) -> None:
    """One client: one request after another."""
    while time.monotonic() < until:
        kind = chance.choices(["good", "garbage", "slow", "abort"], [70, 12, 10, 8])[0]
        found.kinds[kind] += 1
        colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        content = picture(colour, (chance.randrange(20, 900), chance.randrange(20, 700)))
        if kind == "garbage":
            content = chance.randbytes(chance.randrange(1, 200_000))
        began = time.monotonic()
        while True:
            answer = await exchange(
                port, content, pause=0.4 if kind == "slow" else 0, cut=kind == "abort"
            )
            if kind == "abort":
                break
            status = int(answer[9:12] or 0)
            found.statuses[status] += 1
            if status != 503:
                judge(kind, colour, status, answer, found)
                break
            await asyncio.sleep(0.2 + chance.random())
        if kind == "good":
            found.milliseconds.append(1000 * (time.monotonic() - began))


def judge(
    kind: str, colour: tuple[int, int, int], status: int, answer: bytes, found: Found
) -> None:
    """Compare an answer with NumPy's."""
    if kind == "garbage":
        if status != 400:
            found.wrong.append(f"garbage: {status}")
        return
    if status != 200:
        found.wrong.append(f"{kind}: {status} {answer[-200:]!r}")
        return
    share = probabilities(colour)
    top = json.loads(answer.partition(b"\r\n\r\n")[2])["top"]
    if all(abs(row["probability"] - share[row["index"]]) < 1e-5 for row in top):
        found.right += 1
    else:
        found.wrong.append(f"{kind}: {top}")


def memory(process: int) -> int | None:
    """Bytes that a process holds in memory; None where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]


async def crowd(port: int, seconds: float, seed: int) -> Found:
    """So many clients for so many seconds."""
    found = Found()
    until = time.monotonic() + seconds
    clients = [
        client(port, random.Random(1000 * seed + number), until, found) for number in range(CLIENTS)
    ]
    await asyncio.gather(*clients)
    return found


def run_crowd(port: int, seconds: float, seed: int) -> Found:
    """The crowd from a thread of its own: Playwright keeps an event loop in a test's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(crowd(port, seconds, seed))).result()


@contextlib.contextmanager
def server_process(folder: Path):  # type: ignore[no-untyped-def]
    """The server as a process; yields it and its port. Afterwards it has stopped by a signal."""
    model = colour_model(folder / "colour.onnx", card())
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "serve", "--port", "0", "--model", str(model),
         "--device", "cpu"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = ""
    while not (address := re.search(r"The demo: http://127\.0\.0\.1:(\d+)/", line)):
        line = process.stdout.readline()
        assert line, process.communicate()
    try:
        yield process, int(address[1])
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")


def main(seconds: float) -> None:
    """Warm up, then the crowd; print the findings."""
    with (
        tempfile.TemporaryDirectory() as folder,
        server_process(Path(folder)) as (process, port),
    ):
        run_crowd(port, min(20, seconds / 3), 1)
        before = memory(process.pid)
        found = run_crowd(port, seconds, 2)
        after = memory(process.pid)
    print(f"{CLIENTS} clients for {seconds:g} s; load of the machine {os.getloadavg()[0]:.1f}")
    print(f"sent: {dict(found.kinds)}; answers by status: {dict(found.statuses)}")
    print(f"right: {found.right}, wrong: {len(found.wrong)} {found.wrong[:3]}")
    shares = ", ".join(f"p{round(100 * p)} {found.percentile(p):.0f} ms" for p in (0.5, 0.9, 0.99))
    print(f"good pictures, from the first try to the answer: {shares}")
    if before and after:
        print(f"memory: {before / 1e6:.1f} MB before, {after / 1e6:.1f} after")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60)
