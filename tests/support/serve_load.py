"""A load test of the server: 64 clients that send good pictures, garbage, bombs, and what stalls.

``make load`` starts the server as a process, sends it requests for a minute, measures
a kept connection, prints what came of it, and fails only for a wrong answer. ``--save FILE`` writes
the figures of the server's page.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import http.client
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.demo_model import card, colour_model, probabilities
from tests.support.demo_server import picture
from tests.support.malformed import bombs, clear_png
from tests.support.picture_bytes import jpeg_of_scans

ROOT = Path(__file__).parents[2]
CLIENTS = 64
SHARES = {"good": 62, "garbage": 10, "slow": 8, "abort": 8, "tiny chunks": 6, "bomb": 6}
"""What the clients send, in parts of a hundred."""


@dataclass
class Found:
    """What the clients saw.

    ``milliseconds`` are those of good pictures that were answered, tries in vain included;
    ``wrong`` lists good pictures whose answer was not the right one; ``late`` counts those that
    were answered with 504.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    right: int = 0
    late: int = 0
    wrong: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@functools.cache
def costly() -> list[bytes]:
    """Small files that ask for much work or memory."""
    return [
        *bombs().values(),
        jpeg_of_scans(6000, 7000),
        jpeg_of_scans(3000, 3000, progressive=True),
        clear_png(7000, 7000),
    ]


async def exchange(port: int, kind: str, content: bytes) -> bytes:
    """Post a picture in the manner of its kind. The answer, or nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    chunked = kind == "tiny chunks"
    size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(content)}"
    head = f"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{size}\r\n\r\n"
    try:
        writer.write(head.encode())
        if kind == "abort":
            writer.write(content[: len(content) // 2])
            await writer.drain()
            writer.transport.abort()
            return b""
        if chunked:
            content = b"".join(b"1\r\n%c\r\n" % byte for byte in content[:50_000]) + b"0\r\n\r\n"
        part = max(1, len(content) // 4) if kind == "slow" else len(content)
        for start in range(0, len(content), part):
            writer.write(content[start : start + part])
            await writer.drain()
            await asyncio.sleep(0.4 if kind == "slow" else 0)
        return await reader.read()
    except ConnectionError:  # refused before all was sent
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def client(port: int, chance: random.Random, until: float, found: Found) -> None:
    """One client: one request after another."""
    expensive = costly()
    while time.monotonic() < until:
        kind = chance.choices([*SHARES], [*SHARES.values()])[0]
        found.kinds[kind] += 1
        colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        content = picture(colour, (chance.randrange(20, 900), chance.randrange(20, 700)))
        if kind == "garbage":
            content = chance.randbytes(chance.randrange(1, 200_000))
        elif kind == "tiny chunks":
            content += chance.randbytes(20_000)
        elif kind == "bomb":
            content = chance.choice(expensive)
        began = time.monotonic()
        while True:
            answer = await exchange(port, kind, content)
            status = int(answer[9:12] or 0)
            found.statuses[status] += 1
            if status != 503 or kind not in ("good", "slow"):
                judge(kind, colour, status, answer, found)
                break
            await asyncio.sleep(0.2 + chance.random())
        if kind == "good":
            found.milliseconds.append(1000 * (time.monotonic() - began))


def judge(
    kind: str, colour: tuple[int, int, int], status: int, answer: bytes, found: Found
) -> None:
    """Compare an answer with NumPy's."""
    expected = {
        "garbage": {400, 503},
        "abort": {0},
        "tiny chunks": {0, 200, 400, 503},
        "bomb": {200, 400, 413, 503, 504},
    }
    if kind in expected:
        if status not in expected[kind]:
            found.wrong.append(f"{kind}: {status} {answer[-200:]!r}")
        return
    if status == 504:
        found.late += 1
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


def memory(process: int, name: str = "VmRSS") -> int:
    """Bytes that a process and its children hold in memory; 0 where the system does not tell."""
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False
    ).stdout.split()
    total = sum(memory(int(child), name) for child in children)
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
        if found := re.search(name + r":\s+(\d+) kB", status):
            total += int(found[1]) * 1024
    return total


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
    """The clients in a separate thread: Playwright keeps an event loop in a test's."""
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


def median(ask: Callable[[], Any], count: int = 40) -> float:
    """Milliseconds of one call, the median of several."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def connections(port: int) -> dict[str, float]:
    """Milliseconds of a request on a new and on a kept connection, and of Triton's client."""
    import numpy as np
    import tritonclient.http as triton

    def ask(connection: http.client.HTTPConnection) -> None:
        connection.request("GET", "/healthz")
        connection.getresponse().read()

    def ask_new() -> None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            ask(connection)

    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as kept:
        times = {"new": median(ask_new), "kept": median(lambda: ask(kept))}
    with triton.InferenceServerClient(f"127.0.0.1:{port}") as client:
        model = client.get_model_metadata("colour")["inputs"][0]
        batch = np.zeros([1, *model["shape"][1:]], np.float32)
        tensor = triton.InferInput(model["name"], [*batch.shape], "FP32")
        tensor.set_data_from_numpy(batch)
        times["tritonclient"] = median(lambda: client.infer("colour", [tensor]))
    return times


def main() -> int:
    """Warm up, then the crowd; print the findings."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--save", type=Path)
    asked = parser.parse_args()
    peak, busy = 0, round(os.getloadavg()[0], 1)
    with (
        tempfile.TemporaryDirectory() as folder,
        server_process(Path(folder)) as (process, port),
        ThreadPoolExecutor(1) as beside,
    ):
        times = connections(port)
        before = memory(process.pid)
        load = beside.submit(run_crowd, port, asked.seconds, 2)
        while not load.done():
            peak = max(peak, memory(process.pid))
            time.sleep(0.2)
        found = load.result()
        after = memory(process.pid)
    figures = {
        "clients": CLIENTS,
        "seconds": asked.seconds,
        "cores": os.cpu_count(),
        "load_of_the_machine": busy,
        "sent": dict(found.kinds),
        "statuses": {str(status): count for status, count in sorted(found.statuses.items())},
        "right": found.right,
        "late": found.late,
        "wrong": len(found.wrong),
        "milliseconds": {f"p{p}": round(found.percentile(p / 100)) for p in (50, 90, 99)},
        "megabytes": {"before": before // 10**6, "peak": peak // 10**6, "after": after // 10**6},
        "request_milliseconds": {name: round(value, 2) for name, value in times.items()},
    }
    text = json.dumps(figures, indent=1) + "\n"
    print(text, *found.wrong[:5], sep="\n")
    if asked.save:
        asked.save.write_text(text, encoding="utf-8")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
