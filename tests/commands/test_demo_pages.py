"""The pages about the runner: help as it is, examples that run, schemas that real output follows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from PIL import Image
from typer.main import get_command

from demo.cli import app
from demo.server.limits import Limits
from model_export.exporter import Report
from sitebuild.reference import server_limits
from sitebuild.tools import command_help
from tests.support.demo_command import as_process
from tests.support.demo_server import running
from tests.unit.test_site_content import DOCS

ROOT = Path(__file__).parents[2]
REFERENCE = DOCS / "reference"
SCHEMA = json.loads((DOCS / "data" / "runner.schema.json").read_text("utf-8"))
EXAMPLES = re.findall(
    r"^```python\n(.+?)^```\n\n```output\n(.+?)^```$",
    (REFERENCE / "python.md").read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)
VERBS = [name for name, verb in get_command(app).commands.items() if not verb.hidden]  # type: ignore[attr-defined]


# The command line


def test_the_help_on_the_page_is_the_real_one() -> None:
    page = (ROOT / command_help.PAGE).read_text("utf-8")
    assert page == command_help.rewritten(ROOT), "run `make records`"


def test_every_verb_is_on_the_page() -> None:
    shown = [
        command
        for command in command_help.BLOCK.findall((ROOT / command_help.PAGE).read_text("utf-8"))
    ]
    assert [command for command in shown if command.startswith("-m demo ")] == [
        f"-m demo {verb} --help" for verb in VERBS
    ]


@pytest.mark.parametrize(
    ("slip", "meant"),
    [(["clasify"], "'classify'"), (["device"], "'devices'"), (["devices", "--jsn"], "--json")],
)
def test_a_slip_is_met_with_what_was_meant(slip: list[str], meant: str) -> None:
    done = as_process(*slip)
    assert done.returncode == 2
    assert meant in done.stderr
    assert done.stdout == ""


# From Python


@pytest.mark.parametrize(("code", "output"), EXAMPLES)
def test_an_example_prints_what_the_page_shows(
    code: str, output: str, exported: Report, tmp_path: Path
) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "samples").symlink_to(ROOT / "demo" / "samples")
    (tmp_path / "build").symlink_to(exported.file.parent)
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            f"import sys; sys.path[:1] = [{str(ROOT)!r}]\n{code}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (output, "")


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 5


# The server


def test_the_example_for_tritons_client_runs(
    exported: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    page = (REFERENCE / "server.md").read_text("utf-8")
    ((code, output),) = re.findall(
        r"^```python\n(.+?)^```\n\n```output\n(.+?)^```$", page, re.MULTILINE | re.DOTALL
    )
    monkeypatch.chdir(ROOT)
    code = code.replace("build/alexnet64.onnx", str(exported.file))
    with running(exported.file) as server:
        exec(code.replace("127.0.0.1:8001", f"127.0.0.1:{server.port}"), {})
    assert capsys.readouterr().out == output


def test_the_commands_for_curl_are_answered(exported: Report) -> None:
    page = (REFERENCE / "server.md").read_text("utf-8")
    commands = re.findall(r"^curl .+$", page, re.MULTILINE)
    assert len(commands) == 2
    with running(exported.file) as server:
        for command in commands:
            here = command.replace("127.0.0.1:8001", f"127.0.0.1:{server.port}")
            done = subprocess.run(
                ["bash", "-c", f"{here} --silent --show-error"],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 127:
                pytest.skip("curl is not installed")
            assert json.loads(done.stdout)["top"][0]["label"] == "lemon"


def test_the_addresses_on_the_page_are_answered(exported: Report, tmp_path: Path) -> None:
    page = (REFERENCE / "server.md").read_text("utf-8")
    (tmp_path / "index.html").write_text("<title>Site</title>")
    with running(exported.file, site=tmp_path) as server:
        shown = re.findall(r"^\| `GET (\S+?)`", page, re.MULTILINE)
        for path in (*shown, "/openapi.json", "/readyz"):
            assert server.ask(path).status == 200, path


def test_the_limits_on_the_page_are_those_of_the_server() -> None:
    limits = yaml.safe_load((ROOT / "docs" / "data" / "server_limits.yml").read_text("utf-8"))
    assert {row["name"]: row["value"] for row in limits} == vars(Limits()), "update the YAML file"
    assert all(len(row["what"]) > 10 for row in limits)
    assert "16 MB" in server_limits.table(limits).html()


# The schemas


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each of two classes, with a file that is not a picture."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, colour in (("n00000001", "red"), ("n00000002", "blue")):
        (folder / name).mkdir()
        Image.new("RGB", (20, 20), colour).save(folder / name / "a.png")
    (folder / "n00000002" / "b.png").write_text("no picture")
    return folder


def check(verb: str, text: str) -> None:
    """Compare what a verb printed with its definition."""
    schema = {"$schema": SCHEMA["$schema"], "$ref": f"#/$defs/{verb}", "$defs": SCHEMA["$defs"]}
    jsonschema.validate(json.loads(text), schema)


def test_the_schema_is_one_and_names_every_verb() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert {one["$ref"].rpartition("/")[2] for one in SCHEMA["oneOf"]} == set(VERBS)


def test_classify_follows_its_schema(model: Path, pictures: Path) -> None:
    done = as_process("classify", "--model", str(model), "--json", str(pictures / "n00000002"))
    assert done.returncode == 1
    check("classify", done.stdout)
    with pytest.raises(jsonschema.ValidationError):
        check("classify", done.stdout.replace('"provider"', '"engine"'))


def test_evaluate_follows_its_schema(model: Path, pictures: Path) -> None:
    done = as_process("evaluate", "--model", str(model), "--intersection", "--json", str(pictures))
    assert done.stdout, done.stderr
    check("evaluate", done.stdout)


def test_benchmark_follows_its_schema(exported: Report) -> None:
    done = as_process(
        "benchmark", str(exported.file), "--no-peers", "--rounds", "1", "--seconds", "0.01",
        "--batch", "1", "--recommend", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    check("benchmark", done.stdout)


def test_devices_follows_its_schema() -> None:
    check("devices", as_process("devices", "--json").stdout)


@pytest.fixture
def serving(model: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "serve", "--model", str(model), "--port", "0", "--json"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    yield process
    watchdog.cancel()
    process.terminate()
    assert process.wait(60) == 0
    process.communicate()


def test_serve_follows_its_schema(serving: subprocess.Popen[str]) -> None:
    assert serving.stdout is not None
    check("serve", serving.stdout.readline())
