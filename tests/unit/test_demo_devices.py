"""`python -m demo devices`: a provider counts as working only when it gave the right numbers."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest

from demo import devices
from demo.runtime import machine, providers
from demo.runtime.plugins import PACKAGES
from demo.runtime.providers import TINY, expected, install_line, try_provider
from demo.runtime.session import driver_obstacle
from tests.support.demo_command import as_process
from tests.support.tiny_model import content


def test_every_provider_of_this_build_is_tried() -> None:
    done = as_process("devices", "--json", timeout=None)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    trials = {trial["provider"]: trial for trial in report["providers"]}
    built = onnxruntime.get_available_providers()
    assert list(trials)[: len(built)] == built
    assert set(trials) - set(built) <= set(PACKAGES)
    cpu = trials["CPUExecutionProvider"]
    assert cpu["works"]
    assert cpu["difference"] < 1e-6
    assert 0 < cpu["run_ms"] < 60_000
    for trial in trials.values():
        assert trial["works"] == (trial["reason"] == "")
        assert trial["works"] or trial["fix"]
    libraries = report["libraries"]
    library = next(name for name in ("onnxruntime-gpu", "onnxruntime") if name in libraries)
    assert libraries[library] == onnxruntime.__version__
    works = "CUDAExecutionProvider" in trials and trials["CUDAExecutionProvider"]["works"]
    assert report["auto"] == ("cuda" if works else "cpu")


def test_text_for_a_person() -> None:
    lines = as_process("devices", timeout=None).stdout.splitlines()
    assert any(line.startswith("  CPU        works: made ready in ") for line in lines)
    assert any(line.startswith("--device auto takes c") for line in lines)


def package(name: str, version: str) -> Any:
    return SimpleNamespace(metadata={"Name": name}, version=version)


@pytest.mark.parametrize(
    ("installed", "named", "warned"),
    [
        (["onnxruntime-gpu"], {"onnxruntime-gpu": "1.0"}, False),
        (["onnxruntime"], {"onnxruntime": "1.0"}, False),
        (
            ["onnxruntime", "onnxruntime-gpu"],
            {"onnxruntime": "1.0", "onnxruntime-gpu": "1.0"},
            True,
        ),
        ([], {"onnxruntime-gpu": None}, False),
    ],
)
def test_two_packages_of_onnx_runtime_are_both_named(
    monkeypatch: pytest.MonkeyPatch,
    installed: list[str],
    named: dict[str, str | None],
    warned: bool,
) -> None:
    """They lie in the same folder, and which of them is left there nobody knows."""
    packages = [package(name, "1.0") for name in (*installed, "NumPy", "other")]
    monkeypatch.setattr(devices, "distributions", lambda: packages)
    found = devices.libraries()
    assert found == named | {"numpy": "1.0", "openvino": None, "tensorrt": None}
    assert (devices.clash(found) != "") is warned


def test_a_provider_that_gives_its_work_to_the_cpu_does_not_work() -> None:
    """ONNX Runtime answers for an unknown name with the CPU, and without a word."""
    trial = try_provider("NoSuchExecutionProvider")
    assert not trial.works
    assert trial.reason


@pytest.mark.skipif(driver_obstacle() is None, reason="a GPU is here")
def test_cuda_without_a_gpu_does_not_work_even_when_it_is_really_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(providers, "nvidia_obstacle", lambda: None)
    trial = try_provider("CUDAExecutionProvider")
    assert not trial.works
    assert trial.reason
    assert trial.fix


@pytest.mark.gpu
def test_cuda_with_a_gpu_works() -> None:
    if driver_obstacle() is not None:
        pytest.skip("no GPU that CUDA can use")
    trial = try_provider("CUDAExecutionProvider")
    assert (trial.works, trial.reason) == (True, "")


def test_a_crash_in_a_driver_is_reported_and_contained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = tmp_path / "python"
    crash.write_text("#!/bin/sh\necho 'driver: oh no' >&2\nkill -SEGV $$\n")
    crash.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crash))
    trial = try_provider("CPUExecutionProvider")
    assert not trial.works
    assert (
        trial.reason
        == "the trial of CPUExecutionProvider: its process ended by itself (status -11: driver: oh no)"
    )


@pytest.mark.parametrize(
    ("library", "line"),
    [
        ("libnvinfer.so.10", 'pip install "tensorrt-cu13==10.*"'),
        ("libnvonnxparser.so.10", 'pip install "tensorrt-cu13==10.*"'),
        ("libcudnn.so.9", 'pip install "onnxruntime-gpu[cuda,cudnn]==1.31.1"'),
        ("libcublasLt.so.13", 'pip install "onnxruntime-gpu[cuda,cudnn]==1.31.1"'),
    ],
)
def test_the_line_that_installs_what_is_missing(library: str, line: str) -> None:
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime is built without CUDA")
    assert install_line(library) == line


def test_the_tiny_network_is_the_one_described() -> None:
    assert TINY.read_bytes() == content()
    session = onnxruntime.InferenceSession(TINY, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(1).random((1, 3, 8, 8), np.float32)
    (output,) = session.run(None, {"image": image})
    np.testing.assert_allclose(output, expected(image), atol=1e-6)
    assert np.ptp(output) > 0.01


def test_the_gpus_are_those_that_the_driver_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        "#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 590.10, 81559'\necho 'Odd, 1, [N/A]'\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert machine.gpus() == [
        {"name": "NVIDIA H100 80GB HBM3", "driver": "590.10", "memory_bytes": 81559 * 2**20},
        {"name": "Odd", "driver": "1", "memory_bytes": None},
    ]
    assert machine.gpu_name() == "NVIDIA H100 80GB HBM3 driver 590.10"
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert (machine.gpus(), machine.gpu_name()) == ([], "")


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/app/web\n", {"app/web/cpu.max": "150000 100000"}, 2),  # one and a half
        ("0::/app/web\n", {"app/web/cpu.max": "max 100000", "app/cpu.max": "300000 100000"}, 3),
        ("0::/\n", {"cpu.max": "50000 100000"}, 1),  # as a container sees its own
        ("0::/app\n", {"app/cpu.max": "max 100000"}, 64),
        ("0::/app\n", {"app/cpu.max": "damaged"}, 64),
        ("0::/app\n", {"other/cpu.max": "100000 100000"}, 64),
        (
            "4:memory:/box\n3:cpu,cpuacct:/box\n",
            {"cpu/box/cpu.cfs_quota_us": "400000", "cpu/box/cpu.cfs_period_us": "100000",
             "memory/box/cpu.max": "100000 100000"},
            4,
        ),
        ("3:cpu:/box\n", {"cpu/box/cpu.cfs_quota_us": "-1", "cpu/box/cpu.cfs_period_us": "1"}, 64),
        (None, {}, 64),
    ],
)  # fmt: skip
def test_cores_are_limited_by_control_groups(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    groups: str | None,
    files: dict[str, str],
    expected: int,
) -> None:
    """`docker --cpus=2` on a machine of 64 cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    for name, text in files.items():
        (tmp_path / "fs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "fs" / name).write_text(text + "\n")
    if groups is not None:
        (tmp_path / "cgroup").write_text(groups)
    assert machine.cores(tmp_path / "cgroup", tmp_path / "fs") == expected


def test_affinity_counts_where_it_is_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    (tmp_path / "cgroup").write_text("0::/\n")
    (tmp_path / "cpu.max").write_text("800000 100000\n")
    assert machine.cores(tmp_path / "cgroup", tmp_path) == 1
