"""What an exported file is compared with, and what it says of itself for other programs.

The same random weights go through every reader; what reads another program's file is compared with
that program.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from model_export import export
from model_export.contract.card import ModelCard
from model_export.contract.errors import UsageError
from model_export.contract.preprocessing import preprocess
from model_export.contract.samples import FOLDER
from model_export.contract.stated import Preprocessing
from model_export.errors import ExportError
from model_export.exporter import Report
from model_export.inspection import inspect, lines
from model_export.networks import BVLC
from model_export.proof.independent import independent
from model_export.sources import loading, local_weights
from tests.support import caffe_files
from tests.support.export_command import command
from tests.unit.test_export_sources import answer, as_onnx, net_of, pictures

CLASSES = 10


# --- the same weights through every reader -------------------------------------------------------


def written(folder: Path) -> dict[str, Path]:
    """Berkeley's network with one set of random weights, in the layouts that people have."""
    layers = caffe_files.alexnet(
        classes=CLASSES, widths=(96, 256, 384, 384, 256), hidden=4096, seed=3
    )
    files = {name: folder / f"net.{name}" for name in ("caffemodel", "onnx", "pth", "npy", "npz")}
    files["caffemodel"].write_bytes(caffe_files.caffemodel(layers))
    onnx.save(as_onnx(layers, 227), files["onnx"])
    tensors, by_layer = {}, {}
    names = {layer.name.partition(".")[2]: layer.name for layer in BVLC.layers}
    for layer in (layer for layer in layers if layer.blobs):
        weight, bias = layer.blobs
        tensors[f"{names[layer.name]}.weight"] = torch.from_numpy(weight)
        tensors[f"{names[layer.name]}.bias"] = torch.from_numpy(bias)
        if weight.ndim == 4:
            weight = weight.transpose(2, 3, 1, 0)  # TensorFlow: height, width, inputs, outputs
        elif layer.name == "fc6":  # the maps flattened with their channels last
            maps = weight.reshape(len(weight), 256, 6, 6).transpose(2, 3, 1, 0)
            weight = maps.reshape(-1, len(weight))
        else:
            weight = weight.T
        by_layer[layer.name] = [weight, bias]
    torch.save(tensors, files["pth"])
    np.save(files["npy"], np.array(by_layer, object), allow_pickle=True)
    flat: dict[str, Any] = {
        f"{n}_{k}": a for n, pair in by_layer.items() for k, a in zip("Wb", pair, strict=True)
    }
    np.savez(files["npz"], **flat)
    tensors["features.conv1.weight"] = tensors["features.conv1.weight"].flip(1)
    torch.save(tensors, folder / "red-first.pth")
    files["red first"] = folder / "red-first.pth"
    return files


def test_the_same_weights_give_the_same_logits_through_every_reader(tmp_path: Path) -> None:
    """From a photograph on, so that the size of the picture and the order of colours count."""
    files, labels = written(tmp_path), tmp_path / "labels.txt"
    labels.write_text("".join(f"thing {i}\n" for i in range(CLASSES)))
    with Image.open(FOLDER / "cat.jpg") as file:
        photograph = file.convert("RGB")
    found = {}
    for name, path in files.items():
        states_itself = name in ("caffemodel", "onnx")
        stated = Preprocessing(
            channels="RGB" if name == "red first" else "BGR",
            mean_file=None,
            mean=(
                (122.67891434, 116.66876762, 104.00698793)
                if name == "red first"
                else (104.00698793, 116.66876762, 122.67891434)
            ),
            range="255",
        )
        loaded = (
            loading.load(str(path), None, labels, stated)
            if states_itself
            else loading.load("bvlc", path, labels, stated)
        )
        assert loaded.network.input.size == 227
        tensor = torch.from_numpy(preprocess(photograph, loaded.network.input)[None])
        found[name] = answer(loaded.net, tensor)
        path.unlink()
        del loaded
    for name in ("onnx", "pth", "npy", "npz"):
        np.testing.assert_array_equal(found[name], found["caffemodel"], err_msg=name)
    np.testing.assert_allclose(found["red first"], found["caffemodel"], rtol=1e-3, atol=1e-4)


# --- another program on the source file ----------------------------------------------------------


@pytest.fixture(scope="module")
def caffe(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """A small .caffemodel and what was exported from it."""
    folder = tmp_path_factory.mktemp("caffe")
    source = folder / "net.caffemodel"
    source.write_bytes(caffe_files.caffemodel(caffe_files.alexnet("caffenet")))
    return source, export(folder / "net.onnx", source, hub_card=True)


def test_a_caffemodel_is_compared_with_opencv(caffe: tuple[Path, Report]) -> None:
    pytest.importorskip("cv2")
    _, report = caffe
    found = report.card.independent
    assert found is not None
    assert (found.kind, found.pictures) == ("independent", 18)
    assert found.reference.startswith("net.caffemodel in OpenCV 4.")
    assert found.rel_l2 < 1e-5
    first, second = report.parity_line.splitlines()
    assert first.startswith("parity with PyTorch float64 over 18 pictures")
    assert second.startswith("independent, from net.caffemodel in OpenCV")
    shown = "\n".join(lines(inspect(report.file)))
    assert f"relative L2 {found.rel_l2:.1e} from {found.reference}" in shown


def test_an_onnx_file_is_compared_with_onnx_runtime_under_its_softmax(tmp_path: Path) -> None:
    source = tmp_path / "zoo.onnx"
    onnx.save(as_onnx(caffe_files.alexnet(), 227), source)
    found = export(tmp_path / "net.onnx", source).card.independent
    assert found is not None
    assert found.reference.startswith("zoo.onnx in ONNX Runtime ")
    assert found.rel_l2 < 1e-5


def test_a_reading_that_another_program_does_not_share_writes_nothing(tmp_path: Path) -> None:
    """PyTorch cannot see it: its network is built from the same reading."""
    pytest.importorskip("cv2")
    for order in ("alexnet", "caffenet"):
        file = tmp_path / f"{order}.caffemodel"
        lrn = {"local_size": 5, "alpha": 0.1, "beta": 0.75}
        file.write_bytes(caffe_files.caffemodel(caffe_files.alexnet(order, lrn=lrn)))
    images, source = pictures(), local_weights.open_source(tmp_path / "alexnet.caffemodel")
    assert source.runnable is not None
    wrong = answer(net_of(tmp_path / "caffenet.caffemodel"), images)
    with pytest.raises(ExportError, match=r"differs from .*alexnet\.caffemodel in OpenCV"):
        independent(source.runnable, images.numpy(), wrong)


def test_what_no_other_program_runs_is_parity_alone(tmp_path: Path, exported: Report) -> None:
    """A V0 file, a norm's k that OpenCV does not read, and PyTorch's own weights."""
    file = tmp_path / "net.caffemodel"
    images = pictures()
    lrn = {"local_size": 5, "alpha": 1e-4, "beta": 0.75, "k": 2.0}
    for layers, form in (
        (caffe_files.alexnet(), "V0"),
        (caffe_files.alexnet(lrn=lrn), "V2"),
    ):
        file.write_bytes(caffe_files.caffemodel(layers, form))
        source = local_weights.open_source(file)
        assert source.runnable is not None
        logits = answer(net_of(file), images)
        assert independent(source.runnable, images.numpy(), logits) is None
    assert exported.card.independent is None
    assert exported.parity_line.startswith("parity with PyTorch float64")
    assert "\n" not in exported.parity_line


# --- what other programs look for ----------------------------------------------------------------


def test_names_are_a_dictionary_as_text(exported: Report) -> None:
    """As ultralytics writes and reads class names: text for `ast.literal_eval`."""
    metadata = {p.key: p.value for p in onnx.load(exported.file).metadata_props}
    names = ast.literal_eval(metadata["names"])
    assert names == {i: label.name for i, label in enumerate(exported.card.labels)}


def test_the_hub_takes_the_page(caffe: tuple[Path, Report], exported: Report) -> None:
    hub = pytest.importorskip("huggingface_hub")
    from model_export.forms.hub_card import hub_card

    source, report = caffe
    assert report.hub_card == source.with_suffix(".md")
    card = hub.ModelCard.load(report.hub_card)
    assert (card.data.library_name, card.data.pipeline_tag) == ("onnx", "image-classification")
    assert (card.data.license, card.data.license_name) == ("other", "unknown")
    assert "independent, from net.caffemodel in OpenCV" in card.content
    assert "Nothing states, so this assumes: size, resize" in card.content
    ours: ModelCard = exported.card
    measured = hub.ModelCard(hub_card(ours, "alexnet64.onnx"))
    values = {result.metric_name: result.metric_value for result in measured.data.eval_results}
    (row,) = ours.accuracy
    assert values == {"top-1 accuracy": row.top1, "top-5 accuracy": row.top5}
    without = hub.ModelCard(hub_card(replace(ours, accuracy=()), "alexnet64.onnx"))
    assert without.data.eval_results is None


def test_the_page_of_another_hand_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Mine\n")
    with pytest.raises(UsageError, match=r"a\.md: exists, and was not written by this program"):
        export(tmp_path / "a.onnx", hub_card=True)
    done = command("--hub-card", "-o", tmp_path / "a.onnx")
    assert (done.returncode, (tmp_path / "a.md").read_text()) == (2, "# Mine\n")
