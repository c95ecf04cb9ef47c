"""`benchmark`: a real run in processes of their own, result files by their schema, wrong use."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from demo.benchmark import lines
from demo.benchmarking import interleaved, results
from demo.runtime import machine
from sitebuild.data.results import load_results
from sitebuild.reference import benchmarks
from tests.support.demo_model import card, colour_model
from tests.unit.test_site_content import TABLES

if TYPE_CHECKING:
    pass

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/data/benchmarks.schema.json").read_text("utf-8"))
RESULTS = sorted((ROOT / "docs/data/benchmarks").glob("*.json"))


def benchmark(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo", "benchmark", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


@pytest.fixture(scope="module")
def ran(model: Path) -> tuple[dict[str, Any], Path]:
    """One run of two batch sizes on the CPU, its answer and the folder of its files."""
    folder = model.parent / "results"
    done = benchmark(
        model, "--batch", 1, "--batch", 3, "--rounds", 2, "--seconds", 0.01, "--no-peers",
        "--threads", 1, "--recommend", "--json", "--save", folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder


def test_every_figure_of_a_run(ran: tuple[dict[str, Any], Path]) -> None:
    found, _ = ran
    (one,) = found["candidates"]
    assert (one["engine"], one["provider"]) == ("onnxruntime", "CPUExecutionProvider")
    assert [cell["batch"] for cell in one["results"]] == [1, 3]
    assert found["run"]["threads"] == 1
    assert one["peak_bytes"] > 2**20
    assert one["session_s"] > 0
    for cell in one["results"]:
        assert cell["runs"] >= 2 * 3
        ms = cell["ms"]
        assert 0 < ms["p50"] <= ms["p90"] <= ms["p99"]
        assert cell["images_s"] == pytest.approx(1000 * cell["batch"] / ms["p50"])
        assert cell["ratio"] == {"median": 1, "low": 1, "high": 1}  # it is its own reference
        assert cell["bound_ms"] == max(cell["bound_bytes_ms"], cell["bound_adds_ms"])
    small, large = (cell["bound_adds_ms"] for cell in one["results"])
    assert large == pytest.approx(3 * small)
    assert [row["batch"] for row in found["recommended"]] == [1, 3]
    assert {row["file"] for row in found["recommended"]} == {"colour.onnx"}


def test_a_network_in_half_precision(tmp_path: Path) -> None:
    path = colour_model(tmp_path / "half.onnx", card(dtype="float16"), half=True)
    done = benchmark(
        path, "--rounds", 2, "--seconds", 0.01, "--no-peers", "--threads", 99_999, "--json"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["candidates"][0]["results"][0]["runs"] > 0
    assert found["run"]["threads"] == machine.cores()


def test_result_files(ran: tuple[dict[str, Any], Path]) -> None:
    found, folder = ran
    (file,) = folder.iterdir()
    version = found["candidates"][0]["version"]
    assert file.name.endswith(f"_1t_onnxruntime-{version}_cpuexecutionprovider_fp32.json")
    content = json.loads(file.read_text("utf-8"))
    jsonschema.validate(content, SCHEMA)
    assert ("ms" in content["candidate"]["results"][0]) is not content["machine"]["shared"]


def test_shared_cores_keep_ratios_alone(ran: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    found = json.loads(json.dumps(ran[0]))
    del found["recommended"]
    for shared in (True, False):
        found["machine"]["shared"] = shared
        (name,) = results.save(found, tmp_path)
        text = (tmp_path / name).read_text("utf-8")
        jsonschema.validate(json.loads(text), SCHEMA)
        assert ("p50" in text) is ("read_bytes_s" in text) is ("peak_bytes" in text) is not shared


def test_files_of_one_name_do_not_overwrite_each_other(
    ran: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    found = ran[0] | {"candidates": ran[0]["candidates"] * 4}
    names = results.save(found, tmp_path)
    assert len({file.name for file in tmp_path.iterdir()}) == len(set(names)) == 4


def test_the_schema_refuses_times_of_shared_cores(ran: tuple[dict[str, Any], Path]) -> None:
    found = {**ran[0], "candidate": ran[0]["candidates"][0]}
    del found["candidates"], found["recommended"]
    found["machine"] = {**found["machine"], "shared": True}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA)


def test_the_best_is_named_with_its_engine() -> None:
    """An exported file may run fastest in an engine that the runner itself does not use."""

    def row(engine: str, file: str, *ms: float) -> dict[str, Any]:
        cells = [{"batch": b, "ms": {"p50": t}} for b, t in zip((1, 32), ms, strict=True)]
        return {"engine": engine, "file": file, "precision": "int8", "provider": "CPU"} | {
            "results": cells
        }

    found = {
        "run": {"batches": [1, 32]},
        "candidates": [
            row("torch", "a.onnx", 0.1, 0.1),
            row("onnxruntime", "a.onnx", 4, 9),
            row("onnxruntime", "b.onnx", 3, 10),
            row("openvino", "b.onnx", 2, 11),
        ],
    }
    small, large = interleaved.recommended(found)
    assert (small["engine"], small["file"], small["p50_ms"]) == ("openvino", "b.onnx", 2)
    assert (small["here"]["engine"], small["here"]["p50_ms"]) == ("onnxruntime", 3)
    assert (large["engine"], large["file"], large.get("here")) == ("onnxruntime", "a.onnx", None)


def test_text_and_files_of_two_forms_of_one_precision(model: Path, tmp_path: Path) -> None:
    """Each has its own row and result file."""
    again = shutil.copy(model, tmp_path / "again.onnx")
    done = benchmark(
        model, again, "--batch", 2, "--rounds", 1, "--seconds", 0.01, "--no-peers", "--recommend",
        "--save", tmp_path / "results",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("colour.onnx", "again.onnx"):
        assert re.search(rf"^  onnxruntime fp32 CPU {name} +\d+\.\d\d ", done.stdout, re.MULTILINE)
    kept = sorted((tmp_path / "results").iterdir())
    files = [json.loads(file.read_text("utf-8"))["candidate"]["file"] for file in kept]
    assert sorted(files) == ["again.onnx", "colour.onnx"]
    assert sum(file.name.endswith("_fp32_again.json") for file in kept) == 1


def test_text_for_a_person(model: Path) -> None:
    done = benchmark(
        model, "--batch", 2, "--rounds", 1, "--seconds", 0.01, "--no-peers", "--recommend"
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^  onnxruntime fp32 CPU +\d+\.\d\d ", done.stdout, re.MULTILINE)
    assert "batch 2" in done.stdout
    assert "The best that NumPy reaches here: reads " in done.stdout
    assert "At batch 2 use colour.onnx (fp32, CPUExecutionProvider)" in done.stdout


def test_what_ran_on_a_card_has_no_floor_of_its_hosts_processor(
    ran: tuple[dict[str, Any], Path],
) -> None:
    """The speeds are NumPy's, on the processor: they say nothing of a card."""
    here, card_ = (interleaved.lower_bounds(p, 10**9, 10**6, 2, ran[0]["machine"])
                   for p in ("CPUExecutionProvider", "CUDAExecutionProvider"))  # fmt: skip
    assert here["bound_ms"] == max(here["bound_bytes_ms"], here["bound_adds_ms"]) > 0
    assert card_ == interleaved.lower_bounds("cuda", 10**9, 10**6, 2, ran[0]["machine"]) == {}
    found = json.loads(json.dumps(ran[0]))
    for cell in found["candidates"][0]["results"]:
        for key in [key for key in cell if key.startswith("bound")]:
            del cell[key]
    row = next(line for line in lines(found, False) if line.startswith("  onnxruntime fp32 CPU"))
    assert re.fullmatch(r"  onnxruntime fp32 CPU( +[\d.]+){5} +- +\d+", row)
    content = {**found, "candidate": found["candidates"][0]}
    del content["candidates"], content["recommended"]
    content["machine"]["shared"] = False
    jsonschema.validate(content, SCHEMA)


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_provider_that_is_not_here(model: Path, provider: str) -> None:
    if machine.gpu_name():
        pytest.skip("there is a GPU here")
    done = benchmark(model, "--provider", provider, "--no-peers")
    assert done.returncode == 3
    assert done.stdout == ""
    assert interleaved.PROVIDERS[provider] in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere.onnx"], 3, "nowhere.onnx: no such model; make one with"),
        (["README.md"], 3, "README.md: not an ONNX file"),
        (["docs"], 3, "docs: a folder, not a model; name the .onnx file in it"),
        (["MODEL", "--batch", "0"], 2, "--batch 0: a batch holds at least 1 picture"),
        (["MODEL", "--seconds", "inf"], 2, "Input should be less than or equal to 3600"),
        (["MODEL", "--provider", "tpu"], 2, "--provider tpu: unknown; give cpu, cuda, tensorrt"),
        (["MODEL", "--save", "README.md"], 2, "--save README.md: a file, not a folder"),
        (["MODEL", "--save", "README.md/x"], 2, "--save README.md/x: cannot be made (Not a dir"),
        (
            ["MODEL", "--save", "x", "--provider", "cpu", "--provider", "cuda"],
            2,
            "--save keeps what ran on one kind of device: run cpu by itself, without cuda",
        ),
    ],
)
def test_wrong_use(model: Path, arguments: list[str], code: int, says: str) -> None:
    done = benchmark(*(model if a == "MODEL" else a for a in arguments))
    assert done.returncode == code
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("card_text", "said"),
    [
        (
            None,
            "{0} carries no model card, so its labels and its input are unknown: export it with "
            "`python -m model_export`",
        ),
        (
            "{",
            "{0}: the model card cannot be read: Input data was truncated; make one with "
            "`python -m model_export`",
        ),
    ],
)
def test_a_file_without_a_card_that_can_be_read(
    tmp_path: Path, card_text: str | None, said: str
) -> None:
    file = colour_model(tmp_path / "odd.onnx", card_text)
    done = benchmark(file, "--no-peers")
    assert (done.returncode, done.stderr) == (3, f"error: {said.format(file)}\n")


def test_two_networks_cannot_be_compared(model: Path, tmp_path: Path) -> None:
    other = colour_model(tmp_path / "other.onnx", card(architecture="another"))
    done = benchmark(model, other)
    assert done.returncode == 2
    assert "compare forms of one network" in done.stderr


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.name)
def test_committed_results_follow_the_schema(file: Path) -> None:
    content = json.loads(file.read_text("utf-8"))
    jsonschema.validate(content, SCHEMA)
    named = results.file_name(
        content["machine"]["device"], content["run"]["threads"], content["candidate"]
    )
    assert file.name == named


def test_commands_on_the_page_are_real() -> None:
    """Every option that the page's commands name is one of the verb's."""
    page = (ROOT / "docs/reference/benchmarks.md").read_text("utf-8")
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    help_text = subprocess.run(
        [sys.executable, "-m", "demo", "benchmark", "--help"],
        capture_output=True, text=True, check=True, cwd=ROOT, env={"COLUMNS": "200"},
    ).stdout  # fmt: skip
    commands = [line for line in blocks.splitlines() if "demo benchmark" in line]
    assert len(commands) >= 3
    for option in set(re.findall(r"--[a-z-]+", " ".join(commands))):
        assert re.search(rf"{option}\b", help_text), option


def test_the_site_draws_what_the_runner_wrote(ran: tuple[dict[str, Any], Path]) -> None:
    assert "No result is on record" in str(benchmarks.figure(TABLES, []))
    drawn = str(benchmarks.figure(TABLES, load_results(ran[1])))
    assert "ONNX Runtime, fp32: 1.00 times as fast as PyTorch" in drawn
    assert "1.00 (1.00\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}1.00)" in drawn
    assert ("Median ms" in drawn) is not ran[0]["machine"]["shared"]
