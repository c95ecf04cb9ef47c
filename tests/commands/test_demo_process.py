"""`python -m demo` as a process: pipes, colours, terminals, packages, what it imports."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import onnxruntime
import pytest
from PIL import Image

from demo.runtime.session import driver_obstacle
from tests.support.demo_command import ROOT, Classify, as_process
from tests.support.malformed import READ_HERE


def in_shell(command: str) -> subprocess.CompletedProcess[str]:
    """A line of bash in the test's folder."""
    return subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def test_help_says_the_codes() -> None:
    result = as_process("classify", "--help", env=os.environ | {"COLUMNS": "100"}, cwd=ROOT)
    assert result.returncode == 0
    for word in ("--model", "--device", "--top", "--json", "Exit code: 0 fine; 1", "folders"):
        assert word in result.stdout
    listed = as_process("--help", env=os.environ | {"COLUMNS": "0"}, cwd=ROOT)
    assert "classify" in listed.stdout


@pytest.mark.skipif(driver_obstacle() is None, reason="a GPU is here")
def test_cuda_without_a_gpu(model: Path, here: Path) -> None:
    result = as_process("classify", "red.png", "--model", str(model), "--device", "cuda")
    assert (result.returncode, result.stdout) == (3, "")
    assert re.fullmatch(
        r"error: CUDA does not work here: [^\n]+; [^\n]+, or use --device cpu\n", result.stderr
    )


def test_auto_says_what_it_took(model: Path, here: Path) -> None:
    result = as_process("classify", "red.png", "--model", str(model))
    assert (result.returncode, result.stderr) == (0, "")
    assert re.search(r"^Runs on (CUDA|CPU)ExecutionProvider \(auto: .+\)\.$", result.stdout, re.M)


@pytest.mark.skipif(driver_obstacle() is None, reason="a GPU is here")
def test_a_gpu_that_cannot_be_used_is_warned_of(
    classify: Classify, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime is built without CUDA")
    monkeypatch.setattr("demo.runtime.session.driver_obstacle", lambda: None)
    result = classify("red.png", "--device", "auto", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["provider"] == "CPUExecutionProvider"
    assert re.fullmatch(
        r"warning: running on the CPU, as CUDA does not work: ONNX Runtime [^\n]+\n", result.stderr
    )


def test_no_colours_in_a_pipe_and_nothing_but_results(model: Path, here: Path) -> None:
    result = as_process("classify", ".", "nope", "--model", str(model), "--device", "cpu")
    assert result.returncode == 2
    assert "\x1b" not in result.stdout + result.stderr
    assert result.stderr == f"error: nope: no such file; check its name (looked for in {here})\n"


def test_a_terminal_that_cannot_show_a_bar_gets_one_all_the_same(model: Path, here: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    (here / "red.png").rename(here / "röd.png")
    result = as_process("classify", "röd.png", "--model", str(model), env=environment)
    assert result.returncode == 0
    assert "\nr\\xf6d.png (40 x 20)\n" in result.stdout
    assert "  red                      ######################" in result.stdout


def test_c_libraries_keep_quiet_about_a_damaged_tiff(model: Path, here: Path) -> None:
    file = io.BytesIO()
    Image.effect_noise((60, 60), 50).save(file, "TIFF", compression="tiff_lzw")
    content = bytearray(file.getvalue())
    content[200:1200] = b"\xff" * 1000
    (here / "bad.tif").write_bytes(content)
    result = as_process("classify", "bad.tif", "--model", str(model), "--device", "cpu")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("error: bad.tif: cut short, damaged or of a rare kind (")


def test_a_named_pipe(model: Path, here: Path) -> None:
    os.mkfifo(here / "pipe")
    content = (here / "red.png").read_bytes()
    writer = threading.Thread(target=(here / "pipe").write_bytes, args=(content,))
    writer.start()
    result = as_process("classify", "pipe", "--model", str(model), "--json", "--device", "cpu")
    writer.join()
    assert json.loads(result.stdout)["results"][0]["top"][0]["label"] == "red"


def test_an_endless_device_is_rejected(model: Path, here: Path) -> None:
    result = as_process("classify", "/dev/zero", "--model", str(model), "--device", "cpu")
    assert (result.returncode, result.stderr) == (
        2,
        f"error: /dev/zero: not a picture; {READ_HERE}\n",
    )


def test_a_closed_reader_is_not_an_error(model: Path, here: Path) -> None:
    command = f"{sys.executable} -m demo classify --model {model} . | head -1"
    result = in_shell(command)
    assert result.stdout.startswith("The colour network")
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("redirected", "out", "error"),
    [(">&-", "", ""), ("2>&-", "The colour network", ""), (">&- 2>&-", "", "")],
    ids=["output", "error", "both"],
)
def test_a_closed_stream_does_not_crash(
    model: Path, here: Path, redirected: str, out: str, error: str
) -> None:
    command = f"{sys.executable} -m demo classify red.png --device cpu --model {model} {redirected}"
    result = in_shell(command)
    assert (result.returncode, result.stderr) == (0, error)
    assert result.stdout.startswith(out)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", ["classify red.png --device cpu --model {}", "devices"])
@pytest.mark.parametrize("form", ["", "--json"])
def test_a_full_disk_is_one_line(model: Path, here: Path, arguments: str, form: str) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "demo", *arguments.format(model).split(), *form.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
    assert (result.returncode, result.stderr) == (
        3,
        "error: the output cannot be written (No space left on device); make room, or send it "
        "elsewhere\n",
    )


def test_closed_standard_input_is_an_unreadable_picture(model: Path, here: Path) -> None:
    command = f"{sys.executable} -m demo classify - --device cpu --model {model} <&-"
    result = in_shell(command)
    assert result.returncode == 2
    assert result.stderr == "error: -: there is no standard input; pipe a picture in, or name it\n"


def test_neither_torch_nor_torchvision_is_imported(model: Path, here: Path) -> None:
    script = (
        "import sys\n"
        "from demo import Classifier\n"
        f"Classifier({str(model)!r}).classify(['red.png'])\n"
        "import demo.cli, demo.classify, demo.pictures.inputs, demo.report\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & "
        "{'torch', 'torchvision', 'onnx', 'matplotlib', 'scipy', 'pandas'}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert result.stdout == "[]\n"


def test_importing_the_package_loads_nothing_heavy() -> None:
    script = "import sys, demo; print({'numpy', 'PIL', 'onnxruntime', 'typer'} & {*sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout == "set()\n"


def test_a_missing_package_is_one_line(here: Path) -> None:
    (here / "typer.py").write_text("raise ModuleNotFoundError('no', name='typer')\n")
    result = as_process("classify", "red.png", env=os.environ | {"PYTHONPATH": f"{here}:{ROOT}"})
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == (
        "error: the Python package typer is not installed; run `make setup`, or "
        'pip install "alexnet-moment[demo]"\n'
    )
