"""Open an ONNX Runtime session and report the provider it actually uses.

onnxruntime-gpu lists the CUDA provider on machines without a GPU too, and a session asked to run
there runs on the CPU without a word. So the provider reported is always the one the session took,
compared with the one asked for, after one run on zeros has shown that it works.

`auto` takes CUDA where the driver finds a device and CUDA then works, else WebGPU on a real card,
else the CPU. The driver is asked first (a millisecond), so that a machine without a GPU pays
nothing for the question. The CUDA libraries are loaded from the nvidia packages, if those are
installed, only when CUDA is tried. WebGPU is believed when its logits are the CPU's.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from demo.errors import DeviceError, ModelError
from demo.report import counted
from demo.runtime import plugins
from model_export.contract.card import METADATA_KEY, CardError, ModelCard
from model_export.contract.onnx_file import checked
from model_export.contract.sessions import UNPACK_ONCE, unpack_once

if TYPE_CHECKING:
    import onnxruntime

Device: TypeAlias = Literal["auto", "cpu", "cuda", "webgpu"]
Ran: TypeAlias = Literal["cpu", "cuda", "webgpu"]

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
NVIDIA = (CUDA, TENSORRT)
"""The providers that need an NVIDIA card."""

DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
"""The library of NVIDIA's driver."""

KINDS = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(uint8)": "uint8"}
"""ONNX Runtime's names of the types that an input may have, and NumPy's and the card's."""
MAKE_ONE = "make one with `python -m model_export`"

_QUIET = 4  # ONNX Runtime's severity "fatal": what goes wrong arrives as an exception
_DEFAULT_SEVERITY = 2


@dataclass(frozen=True)
class Obstacle:
    """Why a GPU is not used here, and what to do; ``has_gpu`` where there is one."""

    reason: str
    fix: str
    has_gpu: bool = False


@dataclass(frozen=True)
class Runtime:
    """A session and where it runs.

    ``note`` says why `auto` took what it took; ``warning`` is set where a GPU is here and could
    not be used.
    """

    session: onnxruntime.InferenceSession
    provider: str
    device: Ran
    note: str = ""
    warning: str = ""


def open_session(path: Path, device: Device = "auto", threads: int = 0) -> Runtime:
    """Load an ONNX file on a device.

    Args:
        path: the file.
        device: `auto` takes CUDA where it works, else WebGPU on a real card, else the CPU.
        threads: how many one run on the CPU may use, 0 all cores. With 1, several of the program's
            own threads can run the session at once without getting in each other's way.

    Raises:
        ModelError: no such file, or ONNX Runtime cannot load it.
        DeviceError: the device that was asked for does not work; says why, and what to do.
        ValueError: an unknown device.
    """
    if device not in get_args(Device):
        raise ValueError(f"device is one of {', '.join(get_args(Device))}, not {device!r}")
    check_file(path)
    if device == "cpu":
        return Runtime(load(path, CPU, threads=threads), CPU, "cpu")
    tries: dict[Ran, Callable[[Path], Runtime | Obstacle]] = {
        "cuda": _try_cuda,
        "webgpu": lambda path: _try_webgpu(path, any_adapter=device == "webgpu"),
    }
    names: dict[Ran, str] = {"cuda": "CUDA", "webgpu": "WebGPU"}
    obstacles: dict[str, Obstacle] = {}
    for name in tries if device == "auto" else (device,):
        found = tries[name](path)
        if isinstance(found, Runtime):
            return replace(found, note="auto: the GPU works") if device == "auto" else found
        obstacles[names[name]] = found
    if device != "auto":
        what = obstacles[names[device]]
        raise DeviceError(
            f"{names[device]} does not work here: {what.reason}; {what.fix}, or use --device cpu"
        )
    warning = next(
        (f"running on the CPU, as {name} does not work: {what.reason}; {what.fix}"
         for name, what in obstacles.items() if what.has_gpu),
        "",
    )  # fmt: skip
    session = load(path, CPU, threads=threads)
    return Runtime(session, CPU, "cpu", f"auto: {obstacles['CUDA'].reason}", warning)


def driver_obstacle() -> Obstacle | None:
    """What keeps CUDA from working that can be told without trying: package, driver, device."""
    import onnxruntime

    if CUDA not in onnxruntime.get_available_providers():
        return Obstacle(
            "the installed onnxruntime is built without CUDA",
            "install onnxruntime-gpu in its place",
        )
    try:
        driver = ctypes.CDLL(DRIVER)
    except OSError:
        return Obstacle(
            "no NVIDIA driver",
            f"install it, for {DRIVER} (in a container: start that with the GPU)",
        )
    count = ctypes.c_int(0)
    code = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if code == 0 and count.value > 0:
        return None
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return Obstacle(
            f"no GPU is visible (CUDA_VISIBLE_DEVICES={visible!r})", "unset CUDA_VISIBLE_DEVICES"
        )
    return Obstacle(
        f"the NVIDIA driver finds no GPU (CUDA error {code})", "see what `nvidia-smi` says"
    )


def _try_cuda(path: Path) -> Runtime | Obstacle:
    """A session that has run on CUDA, or why there is none."""
    import onnxruntime

    if obstacle := driver_obstacle():
        return obstacle
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
        onnxruntime.preload_dlls()
    onnxruntime.set_default_logger_severity(_QUIET)
    try:
        session = load(path, CUDA)
        if session.get_providers()[0] != CUDA:
            missing = missing_library(CUDA)
            return Obstacle(
                f"ONNX Runtime cannot load it ({missing})"
                if missing
                else "ONNX Runtime did not take it, and ran on the CPU",
                'install its libraries: pip install "onnxruntime-gpu[cuda,cudnn]"',
                has_gpu=True,
            )
        run_on_zeros(session)
    except ModelError:
        raise
    except Exception as error:  # ONNX Runtime's errors share no base class but Exception
        return Obstacle(
            f"a first run on it failed ({first_line(error)})",
            "see whether the driver is new enough with `nvidia-smi`",
            has_gpu=True,
        )
    finally:
        onnxruntime.set_default_logger_severity(_DEFAULT_SEVERITY)
    return Runtime(session, CUDA, "cuda")


def _try_webgpu(path: Path, any_adapter: bool) -> Runtime | Obstacle:
    """A session on WebGPU that gives the CPU's logits, or why there is none."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(_QUIET)
    try:
        found = [a for a in plugins.adapters(plugins.WEBGPU) if any_adapter or not a.software]
        if not found:
            if find_spec(plugins.PACKAGES[plugins.WEBGPU].replace("-", "_")) is None:
                return Obstacle("its plug-in is not installed", plugins.INSTALL)
            return Obstacle(
                "its plug-in finds no graphics card",
                "install the card's Vulkan driver (on Debian: mesa-vulkan-drivers)",
            )
        adapter = found[0]
        reference = load(path, CPU)  # a file that is no model is said to be one here
        options = _options(path)
        session = plugins.open_on(adapter, path, options)
        apart = plugins.distance(session, reference)
    except ModelError:
        raise
    except Exception as error:  # ONNX Runtime's errors share no base class but Exception
        return Obstacle(
            f"this network does not run on it ({first_line(error)})",
            "export it in fp32 or fp16",
            has_gpu=True,
        )
    finally:
        onnxruntime.set_default_logger_severity(_DEFAULT_SEVERITY)
    half = any(tensor.type == "tensor(float16)" for tensor in session.get_inputs())
    if not apart <= plugins.TOLERANCE * (10 if half else 1):
        return Obstacle(
            f"its answers on {adapter.name} are wrong (relative distance from the CPU {apart:.1e})",
            "report it to the provider's maker",
            has_gpu=True,
        )
    return Runtime(session, plugins.WEBGPU, "webgpu", f"WebGPU on {adapter.name}")


def missing_library(provider: str) -> str | None:
    """What the system's loader says against the library of one of the `NVIDIA` providers.

    It names the library that is missing. None where it loads, and for other providers.
    """
    import onnxruntime

    if provider not in NVIDIA:
        return None
    folder = Path(onnxruntime.__file__).parent / "capi"
    stem = provider.removesuffix("ExecutionProvider").lower()
    library = folder / f"libonnxruntime_providers_{stem}.so"
    if not library.exists():
        return None
    with contextlib.suppress(OSError):
        ctypes.CDLL(str(folder / "libonnxruntime_providers_shared.so"), ctypes.RTLD_GLOBAL)
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        return str(error)
    return None


def run_on_zeros(session: onnxruntime.InferenceSession) -> None:
    """One run on a batch of one, all zeros."""
    feeds = {}
    for tensor in session.get_inputs():
        shape = [d if isinstance(d, int) else 1 for d in tensor.shape]
        feeds[tensor.name] = np.zeros(shape, KINDS.get(tensor.type, "float32"))
    session.run(None, feeds)


def load(
    path: Path, provider: str, as_floats: bool = False, threads: int = 0
) -> onnxruntime.InferenceSession:
    """A session on one provider, its weights unpacked once where they are stored in few bits.

    Args:
        path: the ONNX file.
        provider: ONNX Runtime's name.
        as_floats: compute in float32 whatever the file is, int8 too, as the browser's page does.
        threads: see `open_session`.

    Raises:
        ModelError: ONNX Runtime cannot load it.
    """
    import onnxruntime

    options = _options(path, as_floats)
    options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(path, options, providers=[provider])
    except Exception as error:  # ONNX Runtime's errors share no base class but Exception
        raise ModelError(
            f"{path}: ONNX Runtime {onnxruntime.__version__} cannot load it "
            f"({first_line(error)}); {MAKE_ONE}"
        ) from None


def _options(path: Path, as_floats: bool = False) -> onnxruntime.SessionOptions:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET
    if as_floats:
        options.add_session_config_entry(*UNPACK_ONCE)
    else:
        unpack_once(options, path)
    return options


@contextlib.contextmanager
def run_errors(path: Path, provider: str, pictures: int) -> Iterator[None]:
    """One line about what keeps a batch from running: memory that is full, a size it cannot take.

    Raises:
        DeviceError: whatever ONNX Runtime raised in the block.
    """
    try:
        yield
    except Exception as error:  # ONNX Runtime's errors share no base class but Exception
        advice = "try fewer at a time, or --device cpu"
        if pictures == 1 and provider == CPU:  # neither would help
            advice = "try another --size, where that was given, or another file"
        raise DeviceError(
            f"{path}: a run of {counted(pictures, 'picture')} on {provider} failed "
            f"({first_line(error)}); {advice}"
        ) from None


def check_file(path: Path) -> None:
    """Whether there is a file to load.

    Raises:
        ModelError: there is none, or it is a folder, is empty, or may not be read.
    """
    try:
        if path.is_dir():
            raise ModelError(f"{path}: a folder, not a model; name the .onnx file in it")
        with path.open("rb") as file:
            if not file.read(1):
                raise ModelError(f"{path}: the model is empty (0 bytes); {MAKE_ONE}")
    except FileNotFoundError:
        raise ModelError(f"{path}: no such model; {MAKE_ONE}") from None
    except OSError as error:
        raise ModelError(
            f"{path}: the model cannot be read ({error.strerror}); check its permissions, or "
            f"{MAKE_ONE}"
        ) from None


def card_in(metadata: dict[str, str], path: Path) -> ModelCard:
    """The card in a file's metadata; without what was measured, where the graph was changed since.

    Raises:
        ModelError: there is none, or it cannot be read.
    """
    try:
        return checked(ModelCard.from_metadata(metadata, str(path)), path)
    except CardError as error:
        if METADATA_KEY not in metadata:  # it names the file and the mend
            raise ModelError(str(error)) from None
        raise ModelError(f"{path}: {error}; {MAKE_ONE}") from None


def first_line(error: Exception) -> str:
    """ONNX Runtime's message on one line, without its codes."""
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error))
    if "Protobuf parsing failed" in text:
        return "it is no ONNX file, or is cut short"
    return " ".join(text.split())[:300].rstrip(".")
