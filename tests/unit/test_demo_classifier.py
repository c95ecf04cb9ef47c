"""The Python interface: batches, threads, the card and the graph, the provider that really ran."""

from __future__ import annotations

import ctypes
import hashlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from typer.testing import CliRunner

import demo.runtime.session
from demo import Classifier, DeviceError, NotAPictureError
from demo.cli import app
from demo.places import SAMPLES
from demo.runtime.session import CPU, CUDA, driver_obstacle
from tests.support.demo_model import COLOURS, GAIN, SIZE, card, colour_model, probabilities

without_gpu = pytest.mark.skipif(driver_obstacle() is None, reason="a GPU is here")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return colour_model(tmp_path / "colour.onnx", card())


@pytest.fixture
def classifier(model: Path) -> Iterator[Classifier]:
    with Classifier(model, device="cpu", batch_size=4) as classifier:
        yield classifier


def pictures(count: int) -> list[Image.Image]:
    rng = np.random.default_rng(7)
    return [
        Image.fromarray(rng.integers(0, 256, (*rng.integers(8, 60, 2), 3), dtype=np.uint8))
        for _ in range(count)
    ]


def test_a_prediction_names_the_likeliest_first(classifier: Classifier) -> None:
    (prediction,) = classifier.classify([Image.new("RGB", (30, 20), (40, 200, 120))], top=2)
    assert prediction.size == (30, 20)
    assert [(s.label, s.wnid) for s in prediction.top] == [("green", "n00000002"), ("blue", None)]
    expected = probabilities((40, 200, 120))[[1, 2]]
    np.testing.assert_allclose([s.probability for s in prediction.top], expected, rtol=1e-6)
    assert prediction.milliseconds.decode > 0
    assert prediction.milliseconds.inference > 0


def test_more_classes_than_there_are_gives_all(classifier: Classifier) -> None:
    (prediction,) = classifier.classify(pictures(1), top=99)
    assert sorted(s.label for s in prediction.top) == sorted(COLOURS)
    assert sum(s.probability for s in prediction.top) == pytest.approx(1)


def test_a_batch_equals_its_pictures_one_by_one(classifier: Classifier) -> None:
    """Eleven pictures in batches of four: two whole ones and a rest."""
    batch = classifier.classify(pictures(11))
    for together, picture in zip(batch, pictures(11), strict=True):
        (alone,) = classifier.classify([picture])
        assert [s.label for s in together.top] == [s.label for s in alone.top]
        np.testing.assert_allclose(
            [s.probability for s in together.top], [s.probability for s in alone.top], atol=1e-6
        )


def test_nothing_to_classify_is_fine(classifier: Classifier) -> None:
    assert classifier.classify([]) == []
    assert classifier.logits(np.empty((0, 3, SIZE, SIZE), np.float32)).shape == (0, 3)


def test_logits_of_a_batch(classifier: Classifier) -> None:
    batch = np.random.default_rng(1).random((5, 3, SIZE, SIZE), np.float32)
    np.testing.assert_allclose(
        classifier.logits(batch), GAIN * batch.mean(axis=(2, 3), dtype=np.float64), rtol=1e-5
    )
    tensor = classifier.preprocess(pictures(1)[0])
    assert (tensor.shape, tensor.dtype) == ((3, SIZE, SIZE), np.dtype(np.float32))


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, 3, SIZE, SIZE)),
        np.zeros((3, SIZE, SIZE), np.dtype(np.float32)),
        np.zeros((1, 3, SIZE, SIZE + 1), np.float32),
    ],
)
def test_logits_of_another_shape_or_type_are_refused(classifier: Classifier, batch: object) -> None:
    with pytest.raises(ValueError, match=r"a batch is float32 \(N, 3, 8, 8\), not float"):
        classifier.logits(batch)  # type: ignore[arg-type]


def test_one_picture_instead_of_a_list_is_refused(classifier: Classifier) -> None:
    for picture in ("cat.jpg", b"...", Path("cat.jpg"), pictures(1)[0], np.zeros((2, 2, 3), "u1")):
        with pytest.raises(TypeError, match=r"^classify takes a list of pictures"):
            classifier.classify(picture)  # type: ignore[arg-type]


def test_arguments_out_of_range_are_refused(model: Path, classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="top is at least 1, not 0"):
        classifier.classify(pictures(1), top=0)
    with pytest.raises(ValueError, match="batch_size is at least 1, not 0"):
        Classifier(model, batch_size=0)
    with pytest.raises(ValueError, match="device is one of auto, cpu, cuda, webgpu, not 'tpu'"):
        Classifier(model, device="tpu")  # type: ignore[arg-type]


def test_a_bad_picture_is_named(classifier: Classifier, tmp_path: Path) -> None:
    with pytest.raises(NotAPictureError) as caught:
        classifier.classify([*pictures(1), tmp_path / "cat.jpg"])
    assert str(caught.value) == f"{tmp_path}/cat.jpg: no such file; check its name"
    with pytest.raises(NotAPictureError) as caught:
        classifier.classify(["a\0b.jpg"])
    assert str(caught.value) == "a\0b.jpg: no name of a file; check its name"
    with pytest.raises(NotAPictureError) as caught:
        classifier.classify([tmp_path])
    assert str(caught.value) == f"{tmp_path}: a folder, not a picture; give a file inside it"


def test_closing_while_others_ask_ends_them_in_words(model: Path) -> None:
    """Each gets its answer or the error that the classifier is closed; nothing else."""
    shared = Classifier(model, device="cpu")
    batch = np.zeros((4, 3, SIZE, SIZE), np.float32)

    def work(_: int) -> str:
        try:
            for _ in range(2000):
                shared.logits(batch)
        except ValueError as error:
            return str(error)
        return "all answered"

    with ThreadPoolExecutor(4) as threads:
        outcomes = threads.map(work, range(4))
        shared.close()
        assert set(outcomes) <= {"the classifier is closed", "all answered"}


def test_threads_share_a_classifier(classifier: Classifier) -> None:
    expected = classifier.classify(pictures(12))
    barrier = threading.Barrier(8)

    def work(turn: int) -> bool:
        barrier.wait()
        for _ in range(3):
            found = classifier.classify(pictures(12))
            if [p.top for p in found] != [p.top for p in expected]:
                return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))


def test_a_closed_classifier_raises(model: Path) -> None:
    classifier = Classifier(model, device="cpu")
    classifier.close()
    classifier.close()
    with pytest.raises(ValueError, match="the classifier is closed"):
        classifier.classify(pictures(1))
    assert classifier.card.name == "colour"


def test_the_card_and_the_hash_of_the_file(model: Path, classifier: Classifier) -> None:
    assert classifier.card == card()
    assert classifier.sha256 == hashlib.sha256(model.read_bytes()).hexdigest()
    assert classifier.path == model


def test_logits_far_apart_do_not_overflow(tmp_path: Path) -> None:
    model = colour_model(tmp_path / "steep.onnx", card(), gain=1e5)
    with Classifier(model, device="cpu") as classifier:
        (prediction,) = classifier.classify([Image.new("RGB", (9, 9), (255, 0, 0))])
    assert [s.probability for s in prediction.top] == [1, 0, 0]


def test_the_cpu_when_asked_for(classifier: Classifier) -> None:
    assert (classifier.provider, classifier.device) == (CPU, "cpu")
    assert (classifier.device_note, classifier.device_warning) == ("", "")


@without_gpu
def test_auto_says_why_it_took_the_cpu(model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Classifier(model) as classifier:
        assert (classifier.provider, classifier.device) == (CPU, "cpu")
        assert classifier.device_note.startswith("auto: ")
        assert classifier.device_warning == ""
    assert capfd.readouterr() == ("", "")


def no_driver(name: str, *_: object) -> None:
    raise OSError(f"{name}: cannot open shared object file")


def test_cuda_without_a_driver(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if CUDA not in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime is built without CUDA")
    monkeypatch.setattr(ctypes, "CDLL", no_driver)
    with pytest.raises(DeviceError) as caught:
        Classifier(model, device="cuda")
    assert caught.value.exit_code == 3
    assert str(caught.value) == (
        "CUDA does not work here: no NVIDIA driver; install it, for libcuda.so.1 "
        "(in a container: start that with the GPU), or use --device cpu"
    )
    with Classifier(model, device="auto") as classifier:
        assert classifier.provider == CPU
        assert classifier.device_note == "auto: no NVIDIA driver"


class Driver:
    """A driver that finds no GPU."""

    def __init__(self, name: str) -> None:
        assert name == "libcuda.so.1"

    def cuInit(self, flags: int) -> int:
        return 100

    def cuDeviceGetCount(self, count: object) -> int:
        raise AssertionError("asked of a driver that did not start")


def test_cuda_with_a_driver_that_finds_no_gpu(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if CUDA not in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime is built without CUDA")
    monkeypatch.setattr(ctypes, "CDLL", Driver)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(DeviceError) as caught:
        Classifier(model, device="cuda")
    assert str(caught.value) == (
        "CUDA does not work here: the NVIDIA driver finds no GPU (CUDA error 100); "
        "see what `nvidia-smi` says, or use --device cpu"
    )
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(DeviceError) as caught:
        Classifier(model, device="cuda")
    assert str(caught.value) == (
        "CUDA does not work here: no GPU is visible (CUDA_VISIBLE_DEVICES=''); "
        "unset CUDA_VISIBLE_DEVICES, or use --device cpu"
    )


def test_an_onnxruntime_built_without_cuda(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    with pytest.raises(DeviceError) as caught:
        Classifier(model, device="cuda")
    assert str(caught.value) == (
        "CUDA does not work here: the installed onnxruntime is built without CUDA; "
        "install onnxruntime-gpu in its place, or use --device cpu"
    )


@without_gpu
def test_a_silent_fall_back_is_found_out(
    model: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The driver seems to be here; ONNX Runtime is asked for CUDA and quietly takes the CPU."""
    if CUDA not in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime is built without CUDA")
    monkeypatch.setattr(demo.runtime.session, "driver_obstacle", lambda: None)
    with pytest.raises(DeviceError) as caught:
        Classifier(model, device="cuda")
    assert str(caught.value).startswith("CUDA does not work here: ONNX Runtime ")
    assert str(caught.value).endswith(", or use --device cpu")
    with Classifier(model, device="auto") as classifier:
        assert (classifier.provider, classifier.device) == (CPU, "cpu")
        assert classifier.device_note.startswith("auto: ONNX Runtime ")
        assert classifier.device_warning.startswith("running on the CPU, as CUDA does not work: ")
    assert capfd.readouterr() == ("", "")


@pytest.mark.gpu
@pytest.mark.skipif(driver_obstacle() is not None, reason="no GPU that CUDA can use")
def test_cuda_gives_what_the_cpu_gives(model: Path, classifier: Classifier) -> None:
    with Classifier(model, device="cuda") as on_gpu:
        assert (on_gpu.provider, on_gpu.device) == (CUDA, "cuda")
        for here, there in zip(
            classifier.classify(pictures(9)), on_gpu.classify(pictures(9)), strict=True
        ):
            assert [replace(s, probability=0) for s in here.top] == [
                replace(s, probability=0) for s in there.top
            ]
            np.testing.assert_allclose(
                [s.probability for s in here.top], [s.probability for s in there.top], atol=1e-4
            )


def test_without_an_exported_network_the_bundled_one_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Classifier(device="cpu") as classifier:
        (prediction,) = classifier.classify([SAMPLES / "espresso.jpg"])
    assert classifier.card.precision == "int4"
    assert prediction.top[0].label == "espresso"


def test_an_exported_network_comes_before_the_bundled_one(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    for file in (model, model.with_suffix(".json")):
        if file.exists():
            (tmp_path / "build" / f"alexnet64{file.suffix}").write_bytes(file.read_bytes())
    with Classifier(device="cpu") as classifier:
        assert classifier.path == Path("build/alexnet64.onnx")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The threads of each session that is opened."""
    threads: list[int] = []
    real = onnxruntime.InferenceSession

    def open_and_note(path: Path, options: onnxruntime.SessionOptions, **more: object) -> object:
        threads.append(options.intra_op_num_threads)
        return real(path, options, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", open_and_note)
    return threads


@pytest.mark.parametrize(
    ("given", "expected"), [(["--threads", "3"], 3), ([], 5), (["--threads", "900"], 5)]
)
@pytest.mark.parametrize("verb", ["classify", "serve"])
def test_threads_of_the_network(
    model: Path,
    opened: list[int],
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    given: list[str],
    expected: int,
) -> None:
    """As many as asked for, and no more than the process may use. The port is taken: `serve` ends at once."""
    monkeypatch.setattr("demo.classifier.cores", lambda: 5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        what = [str(SAMPLES / "cat.jpg")] if verb == "classify" else ["--port", port]
        done = CliRunner().invoke(
            app, [verb, *what, "--model", str(model), "--device", "cpu", *given]
        )
    assert done.exit_code == (0 if verb == "classify" else 2)
    assert opened == [expected]


@pytest.mark.parametrize(
    ("given", "expected"), [(["--threads", "3"], 3), ([], 5), (["--threads", "900"], 32)]
)
def test_threads_that_evaluate(
    model: Path,
    opened: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: list[str],
    expected: int,
) -> None:
    """Each decodes and runs the network by itself, on one core."""
    for i in range(60):
        place = tmp_path / "data" / f"n0000000{1 + i % 2}" / f"{i}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 9), "red").save(place)
    pools: list[int] = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, count: int, name: str) -> None:
            pools.append(count)
            super().__init__(count, name)

    monkeypatch.setattr("demo.evaluation.pipeline.ThreadPoolExecutor", Pool)
    monkeypatch.setattr("demo.evaluation.pipeline.cores", lambda: 5)
    done = CliRunner().invoke(
        app, ["evaluate", str(tmp_path / "data"), "--model", str(model), "--device", "cpu", *given]
    )
    assert done.exit_code == 0, done.stderr
    assert (opened, pools) == ([1], [expected])


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        *(
            ("--root-path", path, "give a path that begins with a slash and does not end with one")
            for path in ("x", "/", "/a/", "/a/../b", "/\u00e9")
        ),
        *(
            ("--forwarded-allow-ips", proxies, "give addresses or networks of proxies")
            for proxies in ("proxy.example", "10.0.0.1/8", "127.0.0.1,", " ")
        ),
    ],
)
def test_an_invalid_address_of_a_proxy_is_an_error(
    model: Path, option: str, value: str, says: str
) -> None:
    done = CliRunner().invoke(app, ["serve", "--port", "0", "--model", str(model), option, value])
    assert done.exit_code == 2
    assert says in done.stderr
