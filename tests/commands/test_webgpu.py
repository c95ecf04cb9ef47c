"""The runner on WebGPU: every verb through a real GPU interface, SwiftShader in the card's place."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from PIL import Image

from demo import Classifier
from model_export.contract.samples import FOLDER
from tests.support.demo_server import picture
from tests.support.swiftshader import environment

if TYPE_CHECKING:
    from model_export.exporter import Report

ROOT = Path(__file__).parents[2]
SAMPLES = sorted(FOLDER.glob("*.jpg"))[:2]
WEBGPU = "WebGpuExecutionProvider"


@pytest.fixture(scope="module")
def gpu() -> dict[str, str]:
    return environment() | {"PYTHONPATH": str(ROOT)}


def demo(gpu: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo", *map(str, arguments)],
        env=gpu, capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def close_to(found: list[Any], wanted: list[Any]) -> None:
    """The same classes in the same order, their probabilities within 1e-4."""
    assert [row["label"] for row in found] == [score.label for score in wanted]
    for row, score in zip(found, wanted, strict=True):
        assert row["probability"] == pytest.approx(score.probability, abs=1e-4)


def test_devices_name_the_adapter_and_say_that_it_is_software(gpu: dict[str, str]) -> None:
    done = demo(gpu, "devices", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (trial,) = (row for row in found["providers"] if row["provider"] == WEBGPU)
    assert (trial["works"], trial["software"]) == (True, True), trial
    assert trial["adapter"].startswith("software")
    assert trial["difference"] < 1e-3
    assert found["auto"] in ("cpu", "cuda")  # never a software adapter
    assert "WebGpu     works on software" in demo(gpu, "devices").stdout


def test_classify(gpu: dict[str, str], exported: Report) -> None:
    done = demo(gpu, "classify", *SAMPLES, "--model", exported.file, "--device", "webgpu", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["provider"], found["device"]) == (WEBGPU, "webgpu")
    with Classifier(exported.file, "cpu") as classifier:
        for row, wanted in zip(found["results"], classifier.classify(SAMPLES), strict=True):
            close_to(row["top"], list(wanted.top))


def test_evaluate(gpu: dict[str, str], exported: Report, tmp_path: Path) -> None:
    for sample, label in zip(SAMPLES, exported.card.labels, strict=False):
        folder = tmp_path / str(label.wnid)
        folder.mkdir()
        (folder / sample.name).symlink_to(sample)
    reports = []
    for device in ("webgpu", "cpu"):
        done = demo(
            gpu, "evaluate", tmp_path, "--model", exported.file, "--device", device, "--json"
        )
        assert done.returncode == 0, done.stderr
        reports.append(json.loads(done.stdout))
    assert reports[0].pop("provider") == WEBGPU
    for report in reports:
        for field in ("pace", "device", "provider"):
            report.pop(field, None)
    for field in ("reliability", "without_temperature"):  # of shares that differ in the sixth digit
        ours, theirs = (report.pop(field) for report in reports)
        assert ours["error"] == pytest.approx(theirs["error"], rel=1e-4)
    assert reports[0] == reports[1]


def test_serve(gpu: dict[str, str], model: Path) -> None:
    """A network so small that software shaders answer before the server gives up waiting."""
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "serve", "--port", "0", "--device", "webgpu", "--json",
         "--model", str(model)],
        env=gpu, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        started = json.loads(process.stdout.readline())
        assert started["provider"] == WEBGPU
        request = urllib.request.Request(started["address"] + "v1/classify", picture((0, 0, 255)))
        with urllib.request.urlopen(request, timeout=60) as answer:
            top = json.load(answer)["top"]
    finally:
        process.terminate()
        process.communicate(timeout=120)
    with Classifier(model, "cpu") as classifier:
        close_to(top, list(classifier.classify([Image.new("RGB", (40, 40), "blue")])[0].top))


def test_auto_does_not_take_a_software_adapter(gpu: dict[str, str], exported: Report) -> None:
    done = demo(gpu, "classify", SAMPLES[0], "--model", exported.file, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["device"] != "webgpu"


def test_what_the_provider_lacks_is_refused(
    gpu: dict[str, str], forms: Callable[..., Report]
) -> None:
    """Nothing falls back to the CPU."""
    done = demo(gpu, "classify", SAMPLES[0], "--model", forms("int8").file, "--device", "webgpu")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: WebGPU does not work here: this network does not run on")
    assert done.stderr.count("\n") == 1


def test_a_device_that_answers_wrongly_is_refused(gpu: dict[str, str], tmp_path: Path) -> None:
    """Plug-in 0.4.0 is wrong for a convolution with as many groups as channels and several outputs
    a group; a later one that is right must be accepted."""
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 20]> '
        "g (float[1, 3, 16, 16] image, float[27, 1, 3, 3] w) => (float[1, 27, 14, 14] y) "
        "{ y = Conv <group = 3> (image, w) }"
    )
    random = np.random.default_rng(0)
    weights = random.standard_normal((27, 1, 3, 3)).astype("float32")
    model.graph.initializer.append(onnx.numpy_helper.from_array(weights, "w"))
    del model.graph.input[1]
    file = tmp_path / "grouped.onnx"
    onnx.save(model, file)
    code = f"""
from pathlib import Path
from demo.errors import DeviceError
from demo.runtime import plugins
from demo.runtime.session import CPU, load, open_session
import onnxruntime
file = Path({str(file)!r})
(adapter, *_) = plugins.adapters(plugins.WEBGPU)
session = plugins.open_on(adapter, file, onnxruntime.SessionOptions())
apart = plugins.distance(session, load(file, CPU))
try:
    said = open_session(file, "webgpu").provider
except DeviceError as error:
    said = str(error)
print(apart)
print(said)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=gpu, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    apart, said = done.stdout.splitlines()
    if float(apart) > 1e-3:
        assert re.match(r"WebGPU does not work here: its answers on software .* are wrong", said)
    else:
        assert said == WEBGPU


def test_without_the_plugin(exported: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    from demo import DeviceError
    from demo.runtime import plugins

    monkeypatch.setattr(plugins, "adapters", lambda provider: ())
    monkeypatch.setattr("demo.runtime.session.find_spec", lambda name: None)
    with pytest.raises(DeviceError, match=r"its plug-in is not installed; pip install"):
        Classifier(exported.file, "webgpu")
