"""Each execution provider of ONNX Runtime, really tried: a tiny network runs on it, in a process
of its own, and what comes out is compared with NumPy's answer.

The list that ONNX Runtime gives says only what it was built for. A provider counts as working here
when a session of it alone, without falling back to the CPU, has given the right numbers. The
process of its own keeps a crash in a driver from this one.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import re
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.errors import DeviceError
from demo.runtime import plugins
from demo.runtime.session import (
    CPU,
    NVIDIA,
    Obstacle,
    driver_obstacle,
    first_line,
    missing_library,
)
from demo.runtime.worker import Worker

TINY = Path(__file__).parent / "tiny.onnx"
TOLERANCE = 1e-3
"""Of the tiny network's outputs, about one in size: wide enough for a GPU's TF32 convolutions."""

_SECONDS = 180  # TensorRT builds an engine first
_RUNS = 20


@dataclass(frozen=True)
class Trial:
    """What came of trying one provider.

    ``reason`` and ``fix`` are empty where it works; times in milliseconds are None where it does
    not. ``difference`` is the greatest from NumPy's answer. ``adapter`` names the device of a
    plug-in, and says where that is software; ``software`` likewise.
    """

    provider: str
    works: bool
    reason: str = ""
    fix: str = ""
    session_ms: float | None = None
    first_ms: float | None = None
    run_ms: float | None = None
    difference: float | None = None
    adapter: str = ""
    software: bool = False


def expected(image: NDArray[np.float32]) -> NDArray[np.float64]:
    """The tiny network in NumPy and double precision: (1, 3, 8, 8) to (1, 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(image.astype(np.float64), (3, 3), (2, 3))
    maps = np.einsum("nchwij,ocij->nohw", windows, _pattern(4, 3, 3, 3))
    means = np.maximum(maps, 0).mean(axis=(2, 3))
    found: NDArray[np.float64] = means @ _pattern(4, 3)
    return found


def _pattern(*shape: int) -> NDArray[np.float64]:
    """The weights in the file, by their formula."""
    return ((np.arange(int(np.prod(shape))) * 7 % 11 - 5) / 10).reshape(shape)


def try_all() -> list[Trial]:
    """Every provider that this ONNX Runtime was built with, in its own order of preference, and
    every plug-in that is installed."""
    import onnxruntime

    installed = [
        name
        for name, package in plugins.PACKAGES.items()
        if importlib.util.find_spec(package.replace("-", "_"))
    ]
    return [try_provider(name) for name in (*onnxruntime.get_available_providers(), *installed)]


def try_provider(name: str) -> Trial:
    """One provider, tried in a process of its own."""
    if name in NVIDIA and (obstacle := nvidia_obstacle()):
        return Trial(name, False, obstacle.reason, obstacle.fix)
    asked = {"do": "provider", "provider": name}
    try:
        with Worker("demo", "worker", asked, f"the trial of {name}", timeout=_SECONDS) as worker:
            return Trial(**worker.ready)
    except DeviceError as error:
        return Trial(name, False, str(error), _see(name))


def nvidia_obstacle() -> Obstacle | None:
    """As `driver_obstacle`, and where no NVIDIA card is in the machine, nothing to install."""
    obstacle = driver_obstacle()
    if obstacle is not None and not obstacle.has_gpu and not _nvidia_card():
        return replace(obstacle, fix="nothing to install: no NVIDIA GPU is in this machine")
    if obstacle is not None and "no NVIDIA driver" in obstacle.reason:
        return replace(obstacle, fix=_driver_line())
    return obstacle


def _nvidia_card() -> bool:
    """Whether the bus shows a card of NVIDIA's; True where the system does not tell."""
    devices = Path("/sys/bus/pci/devices")
    if not devices.is_dir():
        return True
    for device in devices.iterdir():
        with contextlib.suppress(OSError):
            if (device / "vendor").read_text().strip() == "0x10de":
                return True
    return False


def _driver_line() -> str:
    """How to install the driver on this system."""
    try:
        released = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        released = ""
    if re.search(r"^ID=ubuntu", released, re.MULTILINE):
        line = "sudo ubuntu-drivers install"
    elif re.search(r"^ID=debian", released, re.MULTILINE):
        line = "sudo apt-get install nvidia-driver (from the section non-free)"
    else:
        line = "install NVIDIA's driver for this system"
    return f"{line}; in a container, start that with the GPU (docker run --gpus all)"


def _see(name: str) -> str:
    return "see what `nvidia-smi` says" if name in NVIDIA else "report it to its maker"


def install_line(library: str) -> str:
    """The line that installs what a missing library belongs to."""
    cuda = built_for()
    if found := re.match(r"libnv(?:infer|onnxparser)\w*\.so\.(\d+)", library):
        return f'pip install "tensorrt-cu{cuda}=={found[1]}.*"'
    import onnxruntime

    return f'pip install "onnxruntime-gpu[cuda,cudnn]=={onnxruntime.__version__}"'


def built_for() -> str:
    """The major version of CUDA that ONNX Runtime was built for."""
    from onnxruntime.capi import build_and_package_info

    return str(getattr(build_and_package_info, "cuda_version", "")).partition(".")[0] or "13"


# --- in the process of its own -------------------------------------------------------------------


def _preload() -> None:
    """Load what the nvidia and tensorrt packages bring, so that ONNX Runtime finds it."""
    import onnxruntime

    with contextlib.suppress(Exception):  # it prints what it does not find
        onnxruntime.preload_dlls()
    with contextlib.suppress(ImportError):
        folder = Path(str(importlib.import_module("tensorrt_libs").__file__)).parent
        for library in sorted(folder.glob("libnv*.so*")):
            with contextlib.suppress(OSError):
                ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)


def try_here(name: str) -> dict[str, Any]:
    """The trial itself, in the process of its own, as `Trial` holds it."""
    return asdict(_try_here(name))


def _try_here(name: str) -> Trial:
    import onnxruntime

    _preload()
    if missing := missing_library(name):
        library = missing.partition(":")[0]
        return Trial(name, False, f"a library is missing ({missing})", install_line(library))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    onnxruntime.set_default_logger_severity(4)
    adapter = next(iter(plugins.adapters(name)), None) if name in plugins.PACKAGES else None
    if name in plugins.PACKAGES and adapter is None:
        driver = "install the graphics card's driver (on Debian: mesa-vulkan-drivers)"
        return Trial(name, False, "its plug-in finds no device", driver)
    if name != CPU and adapter is None:
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    image = np.random.default_rng(0).random((1, 3, 8, 8), np.float32)
    try:
        began = time.perf_counter()
        if adapter:
            session = plugins.open_on(adapter, TINY, options)
        else:
            session = onnxruntime.InferenceSession(TINY, options, providers=[name])
        made = time.perf_counter()
        if (ran := session.get_providers()[0]) != name:
            return Trial(name, False, f"ONNX Runtime took {ran} in its place", _see(name))
        (output,) = session.run(None, {"image": image})
        first = time.perf_counter()
        times = []
        for _ in range(_RUNS):
            start = time.perf_counter()
            session.run(None, {"image": image})
            times.append(time.perf_counter() - start)
    except Exception as error:  # ONNX Runtime's errors share no base class but Exception
        return Trial(name, False, f"a run on it failed ({first_line(error)})", _see(name))
    difference = float(np.abs(output - expected(image)).max())
    wrong = not difference <= TOLERANCE
    return Trial(
        name,
        not wrong,
        f"its answer is wrong by {difference:.1e}" if wrong else "",
        _see(name) if wrong else "",
        1000 * (made - began),
        1000 * (first - made),
        1000 * sorted(times)[_RUNS // 2],
        difference,
        adapter.name if adapter else "",
        bool(adapter and adapter.software),
    )
