"""The same file in other programs: ONNX Runtime 1.20, OpenVINO, Netron."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import onnx
import pytest

from model_export.exporter import Report
from model_export.forms.opset import lower
from model_export.proof.parity import compare, onnx_logits, sample_batch
from tests.support.outside import NETRON, OLD_NUMPY, OLDER, ONNXRUNTIME, fetched

# How far another program's logits may be from ours: those that round activations do it elsewhere.
NEAR = {"fp32": 2e-6, "fp16": 2e-6, "bytes": 2e-6, "int8": 0.01, "int4": 0.01}
FORMS = list(NEAR)


@pytest.fixture(scope="module")
def files(forms: Callable[..., Report]) -> dict[str, Report]:
    return {
        "fp32": forms("fp32"),
        "fp16": forms("fp16"),
        "int8": forms("int8"),
        "int4": forms("int4", "taps"),
        "bytes": forms("fp32", "uint8_input"),
    }


def agrees(form: str, got: Any, report: Report) -> None:
    wanted = onnx_logits(report.file, sample_batch(report.card.input))
    found = compare(got, wanted)
    assert found.rel_l2 <= NEAR[form], form
    assert found.top1 == 1.0, form


OLD = """
import sys
import numpy as np
import onnxruntime
print(onnxruntime.__version__)
options = onnxruntime.SessionOptions()
options.log_severity_level = 3
for file, batch, answer in zip(*[iter(sys.argv[1:])] * 3):
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    np.save(answer, session.run(["logits"], {"image": np.load(batch)})[0])
"""


def test_onnx_runtime_1_20_gives_the_same(
    files: dict[str, Report], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = fetched(request.config.cache, ONNXRUNTIME)
    arguments = []
    for form, report in files.items():
        np.save(tmp_path / f"{form}.batch.npy", sample_batch(report.card.input))
        arguments += [report.file, tmp_path / f"{form}.batch.npy", tmp_path / f"{form}.npy"]
    done = subprocess.run(
        [sys.executable, "-c", OLD, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ONNXRUNTIME.partition("==")[2]
    for form, report in files.items():
        agrees(form, np.load(tmp_path / f"{form}.npy"), report)


@pytest.mark.parametrize("requirement", OLDER)
def test_older_onnx_runtimes_load_older_opsets(
    files: dict[str, Report], requirement: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folders = [fetched(request.config.cache, name) for name in (requirement, OLD_NUMPY)]
    batch = tmp_path / "batch.npy"
    np.save(batch, sample_batch(files["fp32"].card.input))
    arguments: list[Path] = []
    for form in ("fp32", "int8"):
        for opset in OLDER[requirement]:
            model = onnx.load(files[form].file)
            lower(model, opset)
            onnx.save(model, tmp_path / f"{form}-{opset}.onnx")
            arguments += [
                tmp_path / f"{form}-{opset}.onnx",
                batch,
                tmp_path / f"{form}-{opset}.npy",
            ]
    done = subprocess.run(
        [sys.executable, "-c", OLD, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(map(str, folders)), "PATH": ""},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == requirement.partition("==")[2]
    for form in ("fp32", "int8"):
        for opset in OLDER[requirement]:
            agrees(form, np.load(tmp_path / f"{form}-{opset}.npy"), files[form])


@pytest.mark.parametrize("form", FORMS)
def test_openvino_gives_the_same(files: dict[str, Report], form: str) -> None:
    openvino = pytest.importorskip("openvino", reason="OpenVINO is not installed: the extra peers")
    report = files[form]
    settings = {"INFERENCE_PRECISION_HINT": "f32"}  # else bf16, where the processor has it
    compiled = openvino.Core().compile_model(str(report.file), "CPU", settings)
    answer = compiled(sample_batch(report.card.input))
    agrees(form, answer[compiled.output("logits")], report)


@pytest.mark.browser
@pytest.mark.parametrize("form", ["fp32", "int8", "int4"])
def test_netron_draws_the_graph(
    files: dict[str, Report],
    form: str,
    chromium: Any,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its Python package serves its viewer, which reads the file in a browser."""
    monkeypatch.syspath_prepend(str(fetched(request.config.cache, NETRON)))
    import netron

    model = onnx.load(files[form].file)
    address = netron.serve(str(files[form].file), address=("127.0.0.1", 0))
    url = f"http://{address[0]}:{address[1]}"
    context = chromium.new_context()
    try:
        context.add_cookies([{"name": "consent", "value": "1", "url": url}])  # it would ask
        page = context.new_page()

        def stay_here(route: Any) -> None:
            local = urlsplit(route.request.url).hostname == "127.0.0.1"
            route.continue_() if local else route.abort()

        page.route("**/*", stay_here)
        page.goto(url)
        page.locator("body.default, body.alert").wait_for()
        assert page.locator("body").get_attribute("class") == "default", page.locator(
            "#message-text"
        ).text_content()
        drawn = Counter(re.findall(r">([A-Z]\w+)</text>", page.locator("#canvas").inner_html()))
    finally:
        context.close()
        netron.stop(address)
    wanted = Counter(node.op_type for node in model.graph.node)
    assert {name: drawn[name] for name in wanted} == dict(wanted)
