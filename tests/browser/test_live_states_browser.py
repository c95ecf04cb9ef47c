"""What can go wrong on the live page is said; other networks and other engines are taken."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.support.live_page import (
    choose,
    give,
    no_axe_violations,
    no_axe_violations_in_either_scheme,
    state,
)
from tests.support.serving import serve_folder

ROOT = Path(__file__).parents[2]

from sitebuild.errors import ContentError  # noqa: E402
from sitebuild.live.files import engine_files, manifest, model_files, packed_files  # noqa: E402

pytestmark = pytest.mark.browser

BANANA = ROOT / "demo" / "samples" / "banana.jpg"
FULL = """export const env = {wasm: {}}; export const InferenceSession = {create() {
  throw new RangeError('WebAssembly.Memory(): could not allocate memory'); }};"""


SAMPLES = json.loads((ROOT / "docs/data/results/samples.json").read_text("utf-8"))["results"]


def recorded(sample: str) -> list[str]:
    """The five names of a sample that the Python runner gives."""
    (row,) = (row for row in SAMPLES if row["file"].endswith(f"/{sample}.jpg"))
    return [guess["label"] for guess in row["top"]]


def named(page: Any) -> list[str]:
    """The five names on the page."""
    found: list[str] = page.locator("#live-top li > span:first-child").all_inner_texts()
    return found


def without_webassembly(page: Any) -> None:
    """A worker of an old browser."""

    def old(route: Any) -> None:
        script = route.fetch().text()
        route.fulfill(body=f"{script}; delete self.WebAssembly", content_type="text/javascript")

    page.route("**/js/live/worker.js", old)


def module(page: Any, content: str) -> None:
    """Another engine under the real one's name."""
    page.route(
        "**/ort.wasm.min.mjs",
        lambda route: route.fulfill(body=content, content_type="text/javascript"),
    )


@pytest.mark.parametrize(
    ("wanted", "words", "arrange"),
    [
        ("offline", "Are you offline?", lambda p: p.route("**/*.wasm", lambda r: r.abort())),
        (
            "offline",
            "login",
            lambda p: p.route(
                "**/*.onnx*", lambda r: r.fulfill(body="<html>", content_type="text/html")
            ),
        ),
        ("missing", "404", lambda p: p.route("**/*.onnx*", lambda r: r.fulfill(status=404))),
        ("offline", "Are you offline?", lambda p: p.route("**/*.onnx*", lambda r: r.abort())),
        (
            "offline",
            "status 503",
            lambda p: p.route("**/*.onnx*", lambda r: r.fulfill(status=503, body="no")),
        ),
        ("memory", "not enough free memory", lambda p: module(p, FULL)),
        ("unsupported", "no backend", lambda p: module(p, "throw new Error('no backend')")),
    ],
)
def test_each_error_is_shown_and_can_be_retried(
    live: Any, wanted: str, words: str, arrange: Any
) -> None:
    page = live
    arrange(page)
    page.locator("#live-load").click()
    assert words in state(page, wanted)
    assert page.evaluate("() => document.activeElement.id") == "live-load"
    assert page.locator("#live-progress").is_hidden()
    no_axe_violations_in_either_scheme(page)
    for address in ("**/*.onnx*", "**/*.wasm", "**/ort.wasm.min.mjs", "**/js/live/worker.js"):
        page.unroute(address)
    page.locator("#live-load").click()
    state(page, "ready")


def test_without_webassembly_the_page_works_it_out_by_itself(live: Any) -> None:
    page = live
    without_webassembly(page)
    page.locator("[data-name=banana]").click()
    assert "banana" in state(page, "answered")
    assert named(page) == recorded("banana")
    proof = page.locator("#live-proof").text_content()
    assert "own arithmetic" in proof
    assert "on its way" not in proof
    page.wait_for_selector("#live-layers [data-layer=fc8]")
    page.locator("#live-why-go").click()
    page.locator("#live", has_text="needs WebAssembly").wait_for()
    no_axe_violations(page)


def impatient(page: Any) -> None:
    """However fast the line is, the engine is too long in coming."""

    def script(route: Any) -> None:
        body = re.sub(r"const LONG = [\d_]+", "const LONG = 0", route.fetch().text())
        route.fulfill(body=body, content_type="text/javascript")

    page.route("**/js/live/worker.js", script)


def test_an_engine_that_never_comes_is_not_waited_for(live: Any) -> None:
    impatient(live)
    live.route("**/*.wasm", lambda route: route.abort())
    live.locator("[data-name=banana]").click()
    assert "banana" in state(live, "answered")
    live.locator("#live-proof", has_text="did not start").wait_for(state="attached")
    live.locator("#live-why-go").click()
    live.locator("#live-status", has_text="which did not start").wait_for()


def test_on_a_slow_line_an_answer_comes_before_the_engine(live: Any) -> None:
    page = live
    impatient(page)
    held: list[Any] = []
    page.route("**/*.wasm", lambda route: held.append(route))
    page.locator("[data-name=banana]").click()
    assert "banana" in state(page, "answered")
    assert named(page) == recorded("banana")
    proof = page.locator("#live-proof")
    assert "still on its way" in proof.text_content()
    held[0].continue_()
    page.locator("#live-proof", has_text="ONNX Runtime Web").wait_for(state="attached")
    assert "on its way" not in proof.text_content()
    page.locator("[data-name=cat]").click()
    page.wait_for_selector("[data-name=cat][aria-pressed=true]")
    page.locator("#live-status", has_text="cat").wait_for()
    assert named(page) == recorded("cat")


def test_loading_can_be_cancelled(live: Any) -> None:
    page = live
    held: list[Any] = []
    page.route("**/*.onnx*", lambda route: held.append(route))
    with page.expect_request("**/*.onnx*"):
        page.locator("#live-load").click()
    state(page, "loading")
    assert page.evaluate("() => document.activeElement.id") == "live-cancel"
    page.locator("#live-progress", has_text=re.compile(r"^\s*\d+%")).wait_for()
    no_axe_violations(page)
    page.locator("[data-name=banana]").click()  # what is chosen meanwhile waits, and says nothing
    page.wait_for_selector("[data-name=banana][aria-pressed=true]")
    assert page.locator("#live").get_attribute("data-state") == "loading"
    page.locator("#live-cancel").click()
    assert "Cancelled" in state(page, "cancelled")
    no_axe_violations(page)
    for route in held:
        route.abort()
    page.unroute("**/*.onnx*")
    page.locator("#live-load").click()
    assert "banana" in state(page, "answered")


def test_a_load_that_has_hardly_begun_can_be_cancelled(live: Any) -> None:
    page = live
    held: list[Any] = []
    page.route("**/alexnet64.json", lambda route: held.append(route))
    with page.expect_request("**/alexnet64.json"):
        page.locator("#live-load").click()
    page.locator("#live-cancel").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    held[0].continue_()
    assert "Cancelled" in state(page, "cancelled")
    assert not [url for url in asked if ".onnx" in url]


def test_a_browser_without_workers_gets_an_error(chromium: Any, site: Path) -> None:
    with serve_folder(site) as address:
        page = chromium.new_page()
        page.add_init_script("delete window.Worker")
        page.goto(f"{address}live/")
        state(page, "idle")
        page.locator("#live-load").click()
        assert "did not start" in state(page, "unsupported")
        no_axe_violations(page)
        page.close()


# --- other networks ----------------------------------------------------------------------------


def stand_in(folder: Path) -> Path:
    """A network of another size and form, without taps or a reference, and its card."""
    build = onnx.helper
    weights = np.zeros((3, 4), np.float32)
    weights[2, 3] = 1  # the blue channel votes for the last class
    graph = build.make_graph(
        [
            build.make_node("GlobalAveragePool", ["picture"], ["mean"]),
            build.make_node("Flatten", ["mean"], ["flat"]),
            build.make_node("MatMul", ["flat", "w"], ["scores"]),
        ],
        "stand_in",
        [build.make_tensor_value_info("picture", 1, ["batch", 3, 224, 224])],
        [build.make_tensor_value_info("scores", 1, ["batch", 4])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    model = build.make_model(graph, opset_imports=[build.make_opsetid("", 20)], ir_version=10)
    file = folder / "other-int4.onnx"
    onnx.save(model, file)
    beside = ROOT / "docs" / "assets" / "models" / "alexnet64.json"
    card = json.loads(beside.read_text("utf-8"))
    card |= {"title": "A stand-in", "output": "scores"}
    card["labels"] = [{"name": name} for name in ("red", "green", "grey", "blue")]
    card["input"] |= {"name": "picture", "size": 224, "resize": 256, "channels": "BGR"}
    file.with_suffix(".json").write_text(json.dumps(card), "utf-8")
    return file


def test_named_networks_are_published_beside_the_committed(tmp_path: Path) -> None:
    file = stand_in(tmp_path)
    files = model_files(ROOT / "docs", str(file))
    assert files["assets/models/other-int4.onnx"] == file
    assert "assets/models/other-int4.reference.json" not in files
    rows = json.loads(manifest(ROOT, files))["models"]
    assert [row["file"].split("/")[-1] for row in rows] == ["alexnet64.onnx", "other-int4.onnx"]
    assert rows[0]["reference"]
    assert rows[1]["reference"] is None
    assert rows[1]["bytes"] == file.stat().st_size
    assert [row["packed"] for row in rows] == [None, None]
    packed = packed_files(files)
    assert {name: gzip.decompress(content) for name, content in packed.items()} == {
        f"{row['file']}.gzip": files[row["file"]].read_bytes() for row in rows
    }
    for row in json.loads(manifest(ROOT, files, packed))["models"]:
        assert row["travels"] == len(packed[row["packed"]])
    file.with_suffix(".json").unlink()
    with pytest.raises(ContentError, match=r"other-int4\.json is not there; write it with"):
        model_files(ROOT / "docs", str(file))


@pytest.fixture
def second(site: Path, tmp_path: Path) -> Path:
    """The built site, as if it had been built with MODELS naming the stand-in."""
    if not engine_files(ROOT):
        pytest.skip("no engine here: run `npm ci --ignore-scripts`")
    files = model_files(ROOT / "docs", str(stand_in(tmp_path)))
    whole = tmp_path / "site"
    shutil.copytree(site, whole, copy_function=lambda a, b: Path(b).symlink_to(a))
    for address, path in files.items():
        (whole / address).unlink(missing_ok=True)
        shutil.copy(path, whole / address)
    manifest_file = whole / "assets" / "live" / "manifest.json"
    manifest_file.unlink()
    manifest_file.write_text(manifest(ROOT, files), "utf-8")
    return whole


def test_another_network_answers_by_its_own_card(chromium: Any, second: Path) -> None:
    with serve_folder(second) as address:
        page = chromium.new_page()
        page.goto(f"{address}live/")
        state(page, "idle")
        choose(page, "#live-which", "1")
        page.locator("#live-load").click()
        assert "A stand-in is ready" in state(page, "ready")
        assert (
            "No reference answer comes with this file" in page.locator("#live-proof").text_content()
        )
        give(page, BANANA.read_bytes(), "banana.jpg")
        # Its third channel is red, and a banana is more red than the mean.
        assert page.locator("#live-top li").count() == 4
        assert page.locator("#live-top li").first.inner_text().startswith("blue")
        assert "224 \u00d7 224" in page.locator("#live-seen-words").inner_text()
        assert page.locator("#live-inside").is_hidden()
        assert page.locator("#live-silent-label").is_hidden()
        page.close()


# --- outside the browser -----------------------------------------------------------------------

ENGINE = {
    "words": "this computer's GPU (NVIDIA H100)",
    "model": {
        "title": "AlexNet64",
        "name": "alexnet64",
        "trained_by": "us",
        "trained_on": "Tiny ImageNet",
        "sha256": "ab" * 32,
        "precision": "fp32",
    },
}


def test_the_program_that_serves_the_page_can_answer(chromium: Any, site: Path) -> None:
    given: list[bytes] = []

    def answer(route: Any) -> None:
        given.append(route.request.post_data_buffer)
        if len(given) == 2:
            route.fulfill(status=503, json={"error": "Too many wait; try again in a second."})
            return
        names = ("banana", "lemon", "slug", "nail", "orange")
        top = [{"index": i, "label": n, "probability": 0.5 / (i + 1)} for i, n in enumerate(names)]
        times = {"decode": 3, "queue": 0, "inference": 0.7}
        route.fulfill(json={"top": top, "provider": "CUDA", "milliseconds": times})

    def listed(route: Any) -> None:
        rows = route.fetch().json()
        rows["runner"] = {"engine": "/v1/engine", "classify": "/v1/classify"}
        route.fulfill(json=rows)

    with serve_folder(site) as address:
        page = chromium.new_page()
        page.route("**/manifest.json", listed)
        page.route("**/v1/engine", lambda route: route.fulfill(json=ENGINE))
        page.route("**/v1/classify", answer)
        page.goto(f"{address}live/?picture=banana")
        words = state(page, "answered")
        assert words.endswith("banana, 50%")
        assert given == [BANANA.read_bytes()]
        assert "no further" in page.locator("#live-about").inner_text()
        assert "0.7 ms, on this computer's GPU" in page.locator("#live-times").text_content()
        assert page.locator("#live-changes").is_hidden()
        assert page.locator("#live-inside").is_hidden()
        by = page.locator("#live-by").inner_text()
        assert by == "Named by AlexNet64, trained by us on Tiny ImageNet."
        assert "gives this page its five guesses and nothing else" in (
            page.locator("#live-outside").inner_text()
        )
        no_axe_violations(page)
        page.locator("[data-name=espresso]").click()
        assert "Too many wait" in state(page, "offline")
        no_axe_violations(page)
        choose(page, "#live-engine", "wasm")
        page.locator("#live-load").click()
        state(page, "answered")
        assert page.locator("#live-changes").is_visible()
        assert page.locator("#live-outside").is_hidden()
        page.close()
