"""The machine of a `benchmark`: its name, its best speeds, how far its times can be trusted."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from demo.runtime.worker import Worker


def load() -> float | None:
    """How many programs were running over the last minute; None where the system does not tell."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def cores(groups: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> int:
    """The cores that this process may use: its affinity, and its control groups' limits.

    Args:
        groups: which control groups (v2 and v1) it is in.
        root: where their folders are.
    """
    if hasattr(os, "sched_getaffinity"):
        least: float = len(os.sched_getaffinity(0))
    else:
        least = os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        for line in groups.read_text().splitlines():
            _, controllers, inside = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            folder = root / (f"cpu/{inside.lstrip('/')}" if controllers else inside.lstrip("/"))
            for place in (folder, *folder.parents):
                if not place.is_relative_to(root):
                    break
                least = min(least, _limit(place))
    return max(1, math.ceil(least))


def _limit(folder: Path) -> float:
    """Cores' worth of time that one control group allows; infinity without a limit."""
    with contextlib.suppress(OSError, ValueError):
        quota, period = (folder / "cpu.max").read_text().split()
        return math.inf if quota == "max" else int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError):
        quota_us = int((folder / "cpu.cfs_quota_us").read_text())
        period_us = int((folder / "cpu.cfs_period_us").read_text())
        return quota_us / period_us if quota_us > 0 else math.inf
    return math.inf


def measure(threads: int, gpu: bool, busy: float | None) -> dict[str, Any]:
    """What is measured on, how fast it is at best, and how far its times can be trusted.

    Args:
        threads: that the measured speeds use.
        gpu: whether all that is timed runs on a graphics card.
        busy: `load` before anything was started.

    Returns:
        ``machine`` of the result files: ``docs/data/benchmarks.schema.json`` describes it.

    Raises:
        DeviceError: the speeds could not be measured.
    """
    name = "the machine's best speeds"
    with Worker("demo", "worker", {"do": "peaks"}, name, environment(threads)) as worker:
        return {**describe(gpu, busy), **worker.ready}


def describe(gpu: bool, busy: float | None) -> dict[str, Any]:
    """`measure` without the measured speeds, which take some seconds."""
    name, virtual = processor()
    if gpu:
        name = gpu_name() or name
    shared = virtual and not gpu
    caution = (
        "Virtual cores, which others may share: trust the ratios, not the times."
        if shared
        else "The machine's own cores, or a GPU: times hold while nothing else runs."
    )
    if busy is not None and busy > 0.5:
        caution += f" Other programs were running at the start (load {busy:g})."
    return {
        "device": name,
        "load_before": busy,
        "kind": "gpu" if gpu else "cpu",
        "system": platform.system(),
        "shared": shared,
        "caution": caution,
    }


def processor() -> tuple[str, bool]:
    """The processor's name, and whether it is a virtual one."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine(), False
    found = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*: (.+)$", text, re.MULTILINE)
    virtual = flags is not None and "hypervisor" in flags[1].split()
    name = found[1].strip() if found else platform.machine()
    simd = [f for f in ("avx2", "avx512f", "avx512_vnni") if flags and f in flags[1].split()]
    return f"{name} ({simd[-1]})" if simd else name, virtual


def gpus() -> list[dict[str, Any]]:
    """NVIDIA's cards as their driver tells: name, driver, memory_bytes; none without a driver."""
    try:
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,driver_version,memory.total",
             "--format=csv,noheader,nounits"],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = []
    for line in told.stdout.splitlines() if told.returncode == 0 else []:
        name, driver, memory = (part.strip() for part in line.rsplit(",", 2))
        held = int(memory) * 2**20 if memory.isdecimal() else None
        found.append({"name": name, "driver": driver, "memory_bytes": held})
    return found


def gpu_name() -> str:
    """The first card and its driver, or nothing."""
    return next((f"{gpu['name']} driver {gpu['driver']}" for gpu in gpus()), "")


def environment(threads: int) -> dict[str, str]:
    """The environment of a candidate: so many threads for the libraries that read it from here."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, str(threads)), "PYTHONWARNINGS": "ignore"}
