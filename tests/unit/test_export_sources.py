"""Files of weights in the layouts that people have, each compared with something independent."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from safetensors.torch import save_file
from torch import Tensor, nn

from model_export.contract.errors import UsageError
from model_export.contract.labels import read_labels
from model_export.contract.stated import Preprocessing
from model_export.errors import ExportError, OptionError
from model_export.networks import BVLC, CAFFENET, IMAGENET1K
from model_export.sources import chain, identify, loading, local_weights
from tests.support import caffe_files

cv2 = pytest.importorskip("cv2", reason="opencv-python-headless is in the dev extra")


def pictures(size: int = 227, count: int = 2) -> Tensor:
    return 60 * torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


def net_of(path: Path) -> nn.Module:
    """The network that the product builds from a file."""
    source = local_weights.open_source(path)
    network, tensors, _ = loading.network_of(source)
    return loading.build(network, local_weights.check(path, tensors, network), tensors)


def answer(net: nn.Module, images: Tensor) -> np.ndarray:
    with torch.inference_mode():
        found: np.ndarray = net(images).numpy()
    return found


# --- Caffe, against OpenCV's own importer --------------------------------------------------------


def opencv(folder: Path, layers: list[caffe_files.Layer], images: Tensor) -> np.ndarray:
    """The logits of OpenCV's Caffe importer, which knows nothing of this project."""
    deploy, model = folder / "deploy.prototxt", folder / "v2.caffemodel"
    plain = [layer for layer in layers if layer.kind not in ("Softmax", "Dropout")]
    deploy.write_text(caffe_files.prototxt(plain, images.shape[-1]))
    model.write_bytes(caffe_files.caffemodel(plain))
    net = cv2.dnn.readNetFromCaffe(str(deploy), str(model))
    rows = []
    for image in images.numpy():
        net.setInput(image[None])
        rows.append(net.forward())
    found: np.ndarray = np.concatenate(rows)
    return found


# Each form of file with what it writes in its own way, and each further network in one form.
CAFFE: dict[str, tuple[str, dict[str, Any]]] = {
    "AlexNet, V0": ("V0", {}),
    "other LRN constants, V0": ("V0", {"lrn": {"local_size": 3, "alpha": 0.02, "beta": 0.5}}),
    "AlexNet, V1": ("V1", {}),
    "leaky ReLU, V1": ("V1", {"slope": 0.1}),
    "renamed head of a fine-tuned network": ("V1", {"head": "fc8_flickr", "classes": 20}),
    "R-CNN's form": ("V2", {"order": "caffenet", "head": "fc-rcnn", "classes": 200}),
    "leaky ReLU, V2": ("V2", {"slope": 0.1}),
    "other LRN constants, V2": ("V2", {"lrn": {"local_size": 3, "alpha": 0.02, "beta": 0.5}}),
}


@pytest.mark.parametrize("name", CAFFE)
def test_a_caffemodel_computes_what_opencv_computes(name: str, tmp_path: Path) -> None:
    form, described = CAFFE[name]
    layers = caffe_files.alexnet(**described)
    file = tmp_path / "net.caffemodel"
    file.write_bytes(caffe_files.caffemodel(layers, form))
    images = pictures()
    wanted = opencv(tmp_path, layers, images)
    np.testing.assert_allclose(
        answer(net_of(file), images), wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max()
    )


def test_the_norms_k_and_region_are_the_files(tmp_path: Path) -> None:
    """OpenCV 4.14 ignores ``k``; torch's own functions are the reference."""
    lrn = {"local_size": 3, "alpha": 0.5, "beta": 0.75, "k": 2.0}
    for region in (0, 1):
        file = tmp_path / "net.caffemodel"
        layers = caffe_files.alexnet(lrn=lrn | {"norm_region": region})
        file.write_bytes(caffe_files.caffemodel(layers))
        net = net_of(file)
        norm = next(m for m in net.modules() if type(m).__name__.endswith("Norm"))
        x = torch.randn(1, 8, 6, 6)
        if region:
            wanted = x * (2 + 0.5 * nn.functional.avg_pool2d(x * x, 3, 1, 1)) ** -0.75
        else:
            wanted = nn.functional.local_response_norm(x, 3, 0.5, 0.75, 2.0)
        torch.testing.assert_close(norm(x), wanted)


def test_the_order_of_pool_and_norm_is_in_the_file(tmp_path: Path) -> None:
    """The same weights in both orders are different networks; the table names each."""
    for order, network in (("alexnet", BVLC), ("caffenet", CAFFENET)):
        layers = caffe_files.alexnet(order, 1000, widths=(96, 256, 384, 384, 256), hidden=4096)
        for layer in layers:  # one value spread out: the file stays small in memory
            layer.blobs = [np.broadcast_to(np.float32(0.01), b.shape) for b in layer.blobs]
        read = caffe_files.caffemodel(layers)
        file = tmp_path / "net.caffemodel"
        file.write_bytes(read)
        source = local_weights.open_source(file)
        assert source.network is not None
        assert (source.network.name, source.network.builder) == (network.name, network.builder)
        assert set(source.tensors) == set(network.shapes())


def without(layers: list[caffe_files.Layer], name: str, **change: Any) -> list[caffe_files.Layer]:
    for layer in layers:
        if layer.name == name:
            layer.parameters |= change
    return layers


REFUSED: dict[str, tuple[Callable[[list[caffe_files.Layer]], None], str]] = {
    "another type": (
        lambda layers: setattr(layers[1], "kind", "TanH"),
        "layer 'relu1' (TanH): a layer of the type TanH is not supported",
    ),
    "stochastic pooling": (
        lambda layers: layers[3].parameters.update(pool=2),
        "layer 'pool1' (Pooling): stochastic or global pooling is not supported",
    ),
    "a branch": (
        lambda layers: setattr(layers[4], "bottom", "conv1"),
        "layer 'conv2' (Convolution) takes conv1 where the layers before it end in pool1",
    ),
    "groups that do not fit": (
        lambda layers: layers[4].parameters.update(group=1),
        "layer 'conv2' takes 4 maps in 1 group(s), and 8 come to it",
    ),
    "another number of filters": (
        lambda layers: layers[4].parameters.update(num_output=17),
        "layer 'conv2' says 17 filters of 5x5, and its weights are (16, 4, 5, 5)",
    ),
    "transposed weights": (
        lambda layers: layers[-2].parameters.update(transpose=1),
        "layer 'fc8' (InnerProduct): another axis than 1, or transpose, is not supported",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_layer_says_and_is_not_supported_names_the_layer(name: str, tmp_path: Path) -> None:
    change, message = REFUSED[name]
    layers = caffe_files.alexnet()
    change(layers)
    file = tmp_path / "net.caffemodel"
    file.write_bytes(caffe_files.caffemodel(layers))
    with pytest.raises(UsageError) as error:
        local_weights.read(file)
    assert str(error.value).startswith(f"{file}: {message}")


def test_the_data_layer_says_how_pictures_are_prepared(tmp_path: Path) -> None:
    value = caffe_files.value
    transform = value(1, 0.5) + value(3, 227) + b"".join(value(5, m) for m in (104.0, 117.0, 123.0))
    file = tmp_path / "net.caffemodel"
    file.write_bytes(caffe_files.caffemodel(caffe_files.alexnet(), transform=transform))
    source = local_weights.open_source(file)
    assert source.network is not None
    rule = source.network.input
    assert set(source.stated) == {"size", "channels", "mean", "std"}
    pixels = np.array([[[10, 20, 30]]], np.uint8).repeat(300, 0).repeat(300, 1)  # red 10
    from PIL import Image

    from model_export.contract.preprocessing import preprocess

    got = preprocess(Image.fromarray(pixels), rule)[:, 0, 0]
    np.testing.assert_allclose(got, [(30 - 104) * 0.5, (20 - 117) * 0.5, (10 - 123) * 0.5], 1e-5)


# --- the same weights through every reader -------------------------------------------------------


def as_onnx(layers: list[caffe_files.Layer], size: int) -> onnx.ModelProto:
    """The ONNX Model Zoo's layout: conv1_w_0, initialisers as inputs, fixed batch, softmax."""
    nodes, tensors, at = [], [], "data_0"
    for layer in layers:
        given, p = [at], layer.parameters
        for suffix, array in zip(("w_0", "b_0"), layer.blobs, strict=False):
            tensors.append(numpy_helper.from_array(array, f"{layer.name}_{suffix}"))
            given.append(f"{layer.name}_{suffix}")
        kind = layer.kind
        more: dict[str, Any] = {}
        if kind == "Convolution":
            kind, sides = "Conv", {"kernel_shape": "kernel_size", "strides": "stride"}
            more = {k: [p[v]] * 2 for k, v in sides.items()}
            more |= {"pads": [p["pad"]] * 4, "group": p["group"]}
        elif kind == "Pooling":
            kind, more = "MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2]}
        elif kind == "LRN":
            more = {"size": p["local_size"], "alpha": p["alpha"], "beta": p["beta"], "bias": 1.0}
        elif kind == "InnerProduct":
            kind, more = "Gemm", {"transB": 1}
            if layer.name == "fc6":
                nodes.append(helper.make_node("Flatten", [at], ["flat"]))
                given[0] = "flat"
        elif kind == "ReLU":
            kind = "Relu"
        elif kind == "Dropout":
            more = {"ratio": 0.5}
        nodes.append(helper.make_node(kind, given, [f"{layer.name}_out"], **more))
        at = f"{layer.name}_out"
    value = helper.make_tensor_value_info
    inputs = [value("data_0", 1, [1, 3, size, size])]
    inputs += [value(t.name, t.data_type, list(t.dims)) for t in tensors]
    graph = helper.make_graph(nodes, "zoo", inputs, [value(at, 1, [1, 10])], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=3)


def test_one_network_as_caffemodel_onnx_and_external_data(tmp_path: Path) -> None:
    """Equal logits, and equal to ONNX Runtime's own answer to the same graph."""
    import onnxruntime

    layers = caffe_files.alexnet(seed=5)
    caffe, single, split = (tmp_path / n for n in ("a.caffemodel", "a.onnx", "b.onnx"))
    caffe.write_bytes(caffe_files.caffemodel(layers))
    model = as_onnx(layers, 227)
    onnx.save(model, single)
    model = onnx.load(single)
    onnx.save(model, split, save_as_external_data=True, location="b.data", size_threshold=0)
    images = pictures()
    wanted = answer(net_of(caffe), images)
    for file in (single, split):
        np.testing.assert_array_equal(answer(net_of(file), images), wanted)
    model = onnx.load(single)
    del model.graph.node[-1]  # the softmax
    model.graph.output[0].name = model.graph.node[-1].output[0]
    session = onnxruntime.InferenceSession(model.SerializeToString())
    rows = [session.run(None, {"data_0": image[None]})[0] for image in images.numpy()]
    np.testing.assert_allclose(wanted, np.concatenate(rows), rtol=1e-4, atol=1e-4)


def test_a_npy_that_would_run_code_is_refused(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    class Malicious:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (mark,)  # type: ignore[return-value]

    np.save(tmp_path / "bad.npy", np.array({"conv1": Malicious()}, object), allow_pickle=True)
    with pytest.raises(local_weights.UnsafeFile, match=r"it calls for pathlib\.\w*Path"):
        local_weights.read(tmp_path / "bad.npy")
    assert not mark.exists()


# --- checkpoints ---------------------------------------------------------------------------------


def light(classes: int = 1000) -> dict[str, Tensor]:
    """torchvision's tensors, each one value spread out, so that files stay small."""
    return {n: torch.tensor(0.01).expand(s) for n, s in IMAGENET1K.shapes(classes).items()}


def test_a_module_of_batch_norm_is_named_not_guessed(tmp_path: Path) -> None:
    file = tmp_path / "bn.pth"
    torch.save(light() | {"features.1.running_mean": torch.zeros(64)}, file)
    with pytest.raises(UsageError, match=r"features\.1\.running_mean \(64,\) is not in it"):
        loading.load(str(file))


def test_steps_of_reading_a_checkpoint_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "last.ckpt"
    tensors = {f"model.module.{n}": t for n, t in light().items()}
    torch.save({"state_dict": tensors, "state_dict_ema": tensors, "epoch": 3}, file)
    source = local_weights.open_source(file)
    assert source.notes == [
        "taken from 'state_dict'",
        "averaged weights lie beside it in 'state_dict_ema' and were not taken",
        "without module. in the names",
        "without the prefix model.",
    ]
    assert local_weights.recognise(file, source.tensors) is IMAGENET1K


def test_pruned_weights_are_multiplied_by_their_masks(tmp_path: Path) -> None:
    tensors = light()
    weight, mask = torch.ones(64, 3, 11, 11), torch.zeros(64, 3, 11, 11)
    mask[0] = 1
    del tensors["features.0.weight"]
    tensors |= {"features.0.weight_orig": weight, "features.0.weight_mask": mask}
    torch.save(tensors, tmp_path / "pruned.pth")
    assert torch.equal(local_weights.read(tmp_path / "pruned.pth")["features.0.weight"], mask)


def test_a_rebuilt_head_with_one_logit(tmp_path: Path) -> None:
    """`classifier.6` replaced by a Sequential whose last layer has one output, for BCE."""
    tensors = light(1)
    for kind in ("weight", "bias"):
        tensors[f"classifier.6.3.{kind}"] = tensors.pop(f"classifier.6.{kind}")
    file = tmp_path / "one.pth"
    torch.save(tensors, file)
    network, fitted, notes = loading.network_of(local_weights.open_source(file))
    assert network is IMAGENET1K
    assert local_weights.check(file, fitted, network) == 2
    assert torch.equal(fitted["classifier.6.weight"][0], torch.zeros(4096))
    assert "classifier.6.3 taken for" in notes[0].replace("classifier.1, classifier.4, ", "")
    assert notes[1].startswith("one logit is written as two")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda f: torch.jit.trace(nn.Linear(3, 2), torch.zeros(1, 3)).save(str(f)),
            "a TorchScript program",
        ),
        (lambda f: f.write_bytes(b"\x89HDF\r\n\x1a\n"), "an HDF5 file (Keras, TensorFlow)"),
        (lambda f: f.write_bytes(b"MATLAB 5.0 MAT-file"), "a MATLAB file (MatConvNet)"),
        (lambda f: f.write_bytes(b'name: "AlexNet"\n'), "a .prototxt, which has no weights"),
        (lambda f: f.write_bytes(b"<!DOCTYPE html>"), "a web page or XML"),
        (lambda f: f.write_bytes(b"anything"), "not a file of weights"),
    ],
    ids=["TorchScript", "HDF5", "MATLAB", "prototxt", "web page", "other"],
)
@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_other_files_are_called_what_they_are(
    make: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    file = tmp_path / "x.dat"
    make(file)
    with pytest.raises(UsageError) as error:
        local_weights.read(file)
    assert str(error.value).startswith(f"{file}: {message}")


def test_python_2_pickles_and_their_bytes(tmp_path: Path) -> None:
    """Places365's checkpoints: torch's old format, names and other strings as Python 2 bytes."""
    file = tmp_path / "alexnet_places365.pth.tar"
    tensors = {f"module.{n}": torch.zeros(s) for n, s in (("conv1.weight", (2, 3)), ("x", (1,)))}
    torch.save({"state_dict": tensors, "who": "abc"}, file, _use_new_zipfile_serialization=False)
    content = file.read_bytes()
    old = b"X\x03\x00\x00\x00abc"  # BINUNICODE
    assert old in content
    file.write_bytes(content.replace(old, b"U\x03\xe9bc"))  # SHORT_BINSTRING, not UTF-8
    assert set(local_weights.read(file)) == {"conv1.weight", "x"}


def test_a_namespace_and_numpy_scalars_are_harmless(tmp_path: Path) -> None:
    file = tmp_path / "a.pth"
    extra = {"args": argparse.Namespace(lr=0.1), "best": np.float32(3), "at": Path("x")}
    torch.save({"model": light(), **extra}, file)
    assert len(local_weights.read(file)) == 16


def test_safetensors_with_a_wrappers_names(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    small = {f"_orig_mod.{n}": torch.zeros(s) for n, s in (("conv1.weight", (2, 3)), ("b", (1,)))}
    save_file(small, file)
    assert set(local_weights.read(file)) == {"conv1.weight", "b"}


# --- what is given and what is assumed ------------------------------------------------------------


def test_preprocessing_is_assumed_until_it_is_given() -> None:
    everything = local_weights.PREPROCESSING
    assert Preprocessing().over(IMAGENET1K.input, everything).assumed == everything
    given = Preprocessing(
        mean=(127.5, 127.5, 127.5), range="255", crop="squash", channels="BGR", size=224
    )
    rule = given.over(IMAGENET1K.input, everything)
    assert rule.assumed == ("interpolation",)
    assert (rule.crop, rule.resize, rule.channels) == ("squash", 224, "BGR")
    assert rule.mean == (0.5, 0.5, 0.5)
    assert rule.std == (1 / 255, 1 / 255, 1 / 255)
    with pytest.raises(UsageError, match="--size 224: bvlc takes pictures of 227x227"):
        loading.prepared(BVLC, Preprocessing(size=224))


def test_a_mean_picture_becomes_its_mean_pixel(tmp_path: Path) -> None:
    picture = np.stack([np.full((4, 5), v, np.float32) for v in (104, 117, 123)])
    np.save(tmp_path / "mean.npy", picture)
    (tmp_path / "mean.binaryproto").write_bytes(caffe_files.blob(picture, old=True))
    for name in ("mean.npy", "mean.binaryproto"):
        rule = Preprocessing(mean_file=tmp_path / name).over(BVLC.input, ("mean",))
        np.testing.assert_allclose(rule.mean, np.array([104, 117, 123]) / 255)
        assert rule.assumed == ()
    (tmp_path / "bad.binaryproto").write_bytes(b"\x12")
    red_first = Preprocessing(mean_file=tmp_path / "mean.npy").over(IMAGENET1K.input, ())
    np.testing.assert_allclose(red_first.mean, np.array([123, 117, 104]) / 255)
    with pytest.raises(UsageError, match=r"not a mean picture, \.binaryproto"):
        Preprocessing(mean_file=tmp_path / "bad.binaryproto").over(BVLC.input, ())


def test_a_range_that_the_network_has_anyway_changes_nothing() -> None:
    for network, own, other in ((BVLC, "255", "1"), (IMAGENET1K, "1", "255")):
        rule = network.input
        same = Preprocessing(range=own).over(rule, ("mean", "std"))  # type: ignore[arg-type]
        assert (same.mean, same.std, same.assumed) == (rule.mean, rule.std, ("mean", "std"))
        turned = Preprocessing(range=other).over(rule, ("mean", "std"))  # type: ignore[arg-type]
        assert (turned.mean, turned.assumed) == ((0, 0, 0), ("mean",))
        assert turned.std[0] == 1 / int(other)


LABELS = {
    "a name a line, with a byte order mark": "\ufefftench\r\ngoldfish\r\n",
    "synset_words.txt": "n01440764 tench\nn01443537 goldfish\n",
    "an id, a tab, a name": "n01440764\ttench\nn01443537\tgoldfish\n\n",
    "imagenet1000_clsidx_to_labels.txt": "{0: 'tench',\n 1: 'goldfish'}",
    "numbers in another order": "1,goldfish\n0,tench\n",
    "Places365": "/t/tench 0\n/g/goldfish 1\n",
    "a JSON list": '["tench", "goldfish"]',
    "ids alone": "n01440764\nn01443537\n",
    "commas": "n01440764,tench\nn01443537, goldfish\n",
    "a comment": "# classes, in the order of the outputs\ntench\ngoldfish\n",
    "the number last": "goldfish,1\ntench,0\n",
    "the number last, after a blank": "goldfish 2\ntench 1\n",
    "JSON by name": '{"goldfish": 1, "tench": 0}',
    "JSON by number": '{"1": "goldfish", "0": "tench"}',
    "Keras": '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}',
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_as_people_have_them(name: str, tmp_path: Path) -> None:
    file = tmp_path / "labels"
    file.write_text(LABELS[name], "utf-8")
    found = read_labels(file, 2)
    assert found == read_labels(file)
    if name == "ids alone":
        assert [label.name for label in found] == ["n01440764", "n01443537"]
        return
    assert [label.name for label in found] == ["tench", "goldfish"]
    assert [label.wnid for label in found] in ([None, None], ["n01440764", "n01443537"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0,a\n2,b\n", "its numbers are not 0 to 1, each once"),
        ('{"0": "a", "2": "b"}', "its keys are not the numbers 0 to 1"),
        ("[1, []]", "class 1 is [], neither a name nor [id, name]"),
        ('["a", 1.5]', "class 1 is 1.5, neither a name nor [id, name]"),
        ('["a", null]', "class 1 is None, neither a name nor [id, name]"),
        ('[{"name": "a"}, "b"]', "class 0 is {'name': 'a'}, neither a name nor [id, name]"),
        ('[["n01440764", "a", "b"], "c"]', "class 0 is ['n01440764', 'a', 'b'], neither"),
        ('{"a": 0, "b": 0, "c": 1}', "one of its keys is there twice"),
        ('{"0": "a", "0": "b", "1": "c"}', "one of its keys is there twice"),
        ("id,name\n0,cat\n1,dog\n", "'id,name' has no number as the other lines have"),
        ("name,id\ncat,0\ndog,1\n", "'name,id' has no number as the other lines have"),
        ("cat,0\ndog,2\n", "its numbers are not 0 to 1, each once"),
        ("- cat\n- dog\n", "line 1: '- cat' is neither a name nor an id and a name"),
        ("[\n'cat',\n'dog'\n]", "line 1: '[' is neither a name nor an id and a name"),
        ("n01440764 a\nn01440764 b\n", "two classes have the WordNet id n01440764"),
        ('{"a": "b"}', "its keys are not the numbers 0 to 0"),
        ("a\n\nb\n", "line 2: '' is neither a name nor an id and a name"),
        ("one\n", "1 labels for 2 classes"),
        ("[" * 100_000, "JSON in too many brackets; it should be a list"),
        ('["\\ud800", "two"]', "the name '\\ud800' has half a character"),
        ("a\tb\nc\n", "line 1: 'a\\tb' is neither a name nor an id and a name"),
    ],
)
def test_odd_labels_are_named(content: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "labels"
    file.write_text(content)
    with pytest.raises(UsageError) as error:
        read_labels(file, 2)
    assert message in str(error.value)


def test_names_that_end_with_a_number_are_names(tmp_path: Path) -> None:
    file = tmp_path / "labels"
    file.write_text("Acura RL Sedan 2012\nAudi TT 2011\n", "utf-8")
    assert [label.name for label in read_labels(file)] == ["Acura RL Sedan 2012", "Audi TT 2011"]
    file.write_text("class 0\nclass 1\n", "utf-8")
    assert [label.name for label in read_labels(file)] == ["class 0", "class 1"]


def test_labels_that_are_not_text_or_too_few(tmp_path: Path) -> None:
    file = tmp_path / "labels"
    for content, message in ((b"\xff\xfe", "not text in UTF-8"), (b"one\n", "at least two")):
        file.write_bytes(content)
        with pytest.raises(UsageError, match=message):
            read_labels(file)
    with pytest.raises(
        UsageError, match=r"the labels cannot be read \(No such file or directory\)"
    ):
        read_labels(tmp_path / "none")


# --- identify and the Python door ----------------------------------------------------------------


def test_identify_says_what_is_known_and_what_is_not(tmp_path: Path) -> None:
    file = tmp_path / "net.caffemodel"
    file.write_bytes(caffe_files.caffemodel(caffe_files.alexnet("caffenet", head="fc8_own"), "V1"))
    text = "\n".join(identify.lines(file))
    assert "Caffe's weights, form V1, net 'TestNet'" in text
    assert "no: its hash is not in the table" in text
    assert "conv 8x11x11/4, max pool 3x3/2, LRN 5" in text
    assert "class names, who trained it" in text
    from model_export.sources import weights

    ours = "\n".join(identify.lines(weights.WEIGHTS))
    assert "yes: alexnet64, the bundled weights" in ours
    assert "nothing that is needed" in ours


def test_export_takes_a_module_and_strings(tmp_path: Path) -> None:
    import onnxruntime

    from model_export import export

    torch.manual_seed(0)
    net = chain.build(chain.known()[0][1][:3] + SMALL, 4)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    report = export(str(tmp_path / "a.onnx"), net, preprocessing=Preprocessing(size=64))
    assert all(torch.equal(before[n], t) for n, t in net.state_dict().items())
    assert report.card.weights.source == "a module in memory"
    assert "mean" in report.card.input.assumed
    images = torch.randn(2, 3, 64, 64)
    session = onnxruntime.InferenceSession(report.file.read_bytes())
    (got,) = session.run(["logits"], {"image": images.numpy()})
    np.testing.assert_allclose(got, answer(net.eval(), images), rtol=1e-4, atol=1e-4)
    with pytest.raises(OptionError, match="--precision bf16: give one of fp32, fp16, int8, int4"):
        export(str(tmp_path / "b.onnx"), precision="bf16")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="does not take pictures"):
        export(str(tmp_path / "c.onnx"), nn.Linear(3, 2))


SMALL = (
    chain.Pool("max", (3, 3), (2, 2)),
    chain.Linear("fc", (4, 96 * 6 * 6)),
)


def small_net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 8, 8), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))


SMALL_PICTURES = Preprocessing(size=32, resize=32)


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.compile], ids=["parallel", "compiled"])
def test_a_wrapped_module_is_taken_without_its_wrapper(wrap: Callable[..., Any]) -> None:
    loaded = loading.load(wrap(small_net()), given=SMALL_PICTURES)
    assert loaded.title == "Sequential, a module in memory"
    images = pictures(32)
    np.testing.assert_array_equal(answer(loaded.net, images), answer(small_net(), images))


def without_values() -> nn.Module:
    with torch.device("meta"):
        return small_net()


def not_finite() -> nn.Module:
    net = small_net()
    next(net.parameters()).data[0] = float("nan")
    return net


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (without_values, "Sequential: its parameters have no values yet"),
        (lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(3)), "parameters have no values yet"),
        (not_finite, "Sequential: 0.weight holds a value that is not finite"),
        (lambda: torch.jit.script(small_net()), "a TorchScript program"),
    ],
    ids=["meta", "lazy", "nan", "TorchScript"],
)
@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")
def test_a_module_that_cannot_be_exported_is_refused_in_words(
    make: Callable[[], nn.Module], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        loading.load(make(), given=SMALL_PICTURES)


class Branching(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) if x.sum() > 0 else -x.flatten(1)


def test_what_pytorch_cannot_trace_is_one_line() -> None:
    from model_export.forms.from_pytorch import to_onnx
    from model_export.forms.gradient import BackwardPass

    with pytest.raises(ExportError, match="PyTorch cannot export Branching: ") as error:
        to_onnx(Branching(), [torch.zeros(2, 1)], ["x"], ["y"])
    assert "\n" not in str(error.value)
    with pytest.raises(ExportError, match="--gradient needs a network with features and class"):
        BackwardPass(small_net())


def test_means_that_are_not_three_numbers_are_refused() -> None:
    for wrong in ("a", (1.0, 2.0)):
        with pytest.raises(UsageError, match=r"--mean .*: give three numbers"):
            Preprocessing(mean=wrong).over(BVLC.input, ())  # type: ignore[arg-type]
    text = Preprocessing(mean="0.5,0.25,0").over(IMAGENET1K.input, ())  # type: ignore[arg-type]
    assert text.mean == (0.5, 0.25, 0.0)
