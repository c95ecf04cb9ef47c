"""`python -m demo devices`: what is in this machine, and what of it truly works.

With ``--json`` standard output is one JSON object::

    {"machine": {"system", "python", "processor", "cores", "memory_bytes"},
     "gpus": [{"name", "driver", "memory_bytes"}],
     "cuda_driver": "13.1" or null,
     "libraries": {"onnxruntime-gpu": "1.31.1", "openvino": null, ...},
     "providers": [{"provider", "works", "reason", "fix", "session_ms", "first_ms", "run_ms",
                    "difference", "adapter", "software"}, ...],
     "auto": "cpu"}

See `demo.runtime.providers` for how each provider is tried.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import distributions
from typing import TYPE_CHECKING, Any

import typer

from demo.options import AsJson
from demo.report import counted

if TYPE_CHECKING:
    from demo.runtime.providers import Trial

EXIT_CODES = "Exit code: 0 at least one provider works; 3 none does, or a package is missing."

# Those whose versions matter, by the beginnings of their names.
_FAMILIES = ("onnxruntime", "openvino", "tensorrt", "nvidia-cuda-runtime", "nvidia-cudnn",
             "nvidia-cublas", "numpy", "pillow")  # fmt: skip
_ALWAYS = ("onnxruntime-gpu", "openvino", "tensorrt")


def devices(as_json: AsJson = False) -> None:
    """Say what is in this machine and which execution providers truly work."""
    from rich.console import Console

    from demo.runtime.machine import gpus
    from demo.runtime.providers import try_all

    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("Trying each provider"):
            trials = try_all()
    else:
        trials = try_all()
    working = [trial.provider for trial in trials if trial.works]
    told: dict[str, Any] = {
        "machine": _machine(),
        "gpus": gpus(),
        "cuda_driver": _cuda_of_driver(),
        "libraries": libraries(),
        "providers": [asdict(trial) for trial in trials],
        "auto": _auto(trials),
    }
    typer.echo(json.dumps(told, indent=1) if as_json else "\n".join(_lines(told)))
    if not working:
        raise typer.Exit(3)


def _auto(trials: list[Trial]) -> str:
    """What ``--device auto`` takes."""
    from demo.runtime.plugins import WEBGPU
    from demo.runtime.session import CUDA

    working = {trial.provider for trial in trials if trial.works and not trial.software}
    return "cuda" if CUDA in working else "webgpu" if WEBGPU in working else "cpu"


def _machine() -> dict[str, Any]:
    from demo.runtime.machine import cores, processor

    memory = None
    with suppress(ValueError, OSError, AttributeError):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "processor": processor()[0],
        "cores": cores(),
        "memory_bytes": memory,
    }


def _cuda_of_driver() -> str | None:
    """The newest CUDA that the driver can run."""
    from demo.runtime.session import DRIVER

    number = ctypes.c_int(0)
    with suppress(OSError):
        if ctypes.CDLL(DRIVER).cuDriverGetVersion(ctypes.byref(number)) == 0:
            return f"{number.value // 1000}.{number.value % 1000 // 10}"
    return None


def libraries() -> dict[str, str | None]:
    """The versions of the packages that matter; None for one that could be here and is not."""
    found: dict[str, str | None] = dict.fromkeys(_ALWAYS)
    for package in distributions():
        name = str(package.metadata["Name"] or "").lower()
        if name.startswith(_FAMILIES) and name != "openvino-telemetry":
            found[name] = package.version
    if "onnxruntime" in found and found["onnxruntime-gpu"] is None:
        del found["onnxruntime-gpu"]
    return dict(sorted(found.items()))


def clash(found: dict[str, str | None]) -> str:
    """What is wrong with the packages of `libraries`, and what to do; empty where nothing is."""
    both = [name for name in ("onnxruntime", "onnxruntime-gpu") if found.get(name)]
    if len(both) < 2:
        return ""
    return (
        "onnxruntime and onnxruntime-gpu are both installed and overwrite each other: pip "
        "uninstall both, then install the one that you want"
    )


def _lines(told: dict[str, Any]) -> list[str]:
    """The findings for a terminal."""
    machine = told["machine"]
    memory = f", {machine['memory_bytes'] / 2**30:.0f} GiB" if machine["memory_bytes"] else ""
    lines = [
        f"{machine['processor']}, {counted(machine['cores'], 'core')}{memory}",
        f"{machine['system']}, Python {machine['python']}",
    ]
    lines += [
        f"{gpu['name']}, driver {gpu['driver']} (CUDA {told['cuda_driver'] or 'unknown'})"
        for gpu in told["gpus"]
    ] or ["No NVIDIA GPU that its driver shows"]
    lines += ["", "Execution providers of ONNX Runtime, each tried with a tiny network:"]
    for trial in told["providers"]:
        name = trial["provider"].removesuffix("ExecutionProvider")
        if trial["works"]:
            on = f" on {trial['adapter']}" if trial["adapter"] else ""
            lines.append(
                f"  {name:10} works{on}: made ready in {trial['session_ms']:.0f} ms, first run "
                f"{trial['first_ms']:.1f} ms, then {trial['run_ms']:.2f} ms; differs from NumPy by "
                f"{trial['difference']:.0e}"
            )
        else:
            lines += [f"  {name:10} does not work: {trial['reason']}", f"{'':13}{trial['fix']}"]
    lines.append(f"--device auto takes {told['auto']}")
    lines += ["", "Libraries:"]
    lines += [f"  {name} {found or 'not installed'}" for name, found in told["libraries"].items()]
    if warned := clash(told["libraries"]):
        lines.append(f"  {warned}")
    return lines
