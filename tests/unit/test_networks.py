"""The table of networks against the networks themselves, and each of them through the exporter."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
import typer
from safetensors.torch import save_file
from torch import nn

from model_export import export
from model_export.contract.errors import EnvironmentLacks, UsageError, cli_errors
from model_export.contract.labels import tiny_imagenet
from model_export.files import refuse_if_no_place
from model_export.networks import ALEXNET64, CAFFENET, IMAGENET1K, NETWORKS, Network
from model_export.proof.parity import compare, onnx_logits, pytorch_logits
from model_export.random_weights import random_tensors
from model_export.sources import weights
from model_export.sources.loading import build, load
from tests.support import caffe_files
from tests.support.export_command import command

COUNTS = {
    "alexnet64": 5_949_000,
    "imagenet1k": 61_100_840,
    "bvlc": 60_965_224,
    "caffenet": 60_965_224,
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_the_table_is_what_pytorch_builds(network: Network) -> None:
    shapes = network.shapes()
    net = build(
        network, network.classes, {n: torch.empty(s, device="meta") for n, s in shapes.items()}
    )
    assert {name: tuple(t.shape) for name, t in net.state_dict().items()} == shapes
    assert network.parameters == sum(p.numel() for p in net.parameters()) == COUNTS[network.name]
    adds: dict[str, int] = {}

    def count(name: str, layer: Any) -> None:
        def hook(_module: Any, _inputs: Any, output: torch.Tensor) -> None:
            adds[name] = output[0].numel() * layer.weight[0].numel()

        layer.register_forward_hook(hook)

    for name, layer in net.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            count(name, layer)
    net(torch.empty(1, 3, network.input.size, network.input.size, device="meta"))
    assert adds == {layer.name: layer.multiply_adds for layer in network.layers}


def test_torchvisions_own_facts_agree() -> None:
    from torchvision.models import AlexNet_Weights

    published = AlexNet_Weights.IMAGENET1K_V1
    rule, transforms = IMAGENET1K.input, published.transforms()
    assert IMAGENET1K.published
    assert IMAGENET1K.published.addresses == (published.url,)
    assert IMAGENET1K.published.file == published.url.rsplit("/", 1)[1]
    assert IMAGENET1K.parameters == published.meta["num_params"]
    assert round(IMAGENET1K.multiply_adds / 1e9, 3) == published.meta["_ops"]
    assert IMAGENET1K.accuracy
    assert published.meta["_metrics"]["ImageNet-1K"] == {
        "acc@1": IMAGENET1K.accuracy.top1,
        "acc@5": IMAGENET1K.accuracy.top5,
    }
    assert (rule.size, rule.resize) == (transforms.crop_size[0], transforms.resize_size[0])
    assert (list(rule.mean), list(rule.std)) == (transforms.mean, transforms.std)


def test_the_list_is_quick_and_whole() -> None:
    code = "import sys, model_export.sources.listing as m; print(*m.lines(), sep='\\n'); print({'torch', 'onnx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    listed, modules = done.stdout.rsplit("\n", 2)[:2]
    assert modules == "set()"
    assert command("--list").stdout == listed + "\n"
    for network in NETWORKS.values():
        assert f"{network.name}: {network.title}\n" in listed
        assert f"{network.parameters:,}\n" in listed
        assert network.licence in listed
    assert "top-1 57.1 %, top-5 80.2 % of 50,000 pictures" in listed
    assert "http://dl.caffe.berkeleyvision.org/bvlc_alexnet.caffemodel\n" in listed
    assert "readme.md, of pictures warped to 256x256\n" in listed
    assert "  other crop:      Caffe warped each picture to 256x256 whatever its shape" in listed


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of random weights of each network."""
    folder = tmp_path_factory.mktemp("weights")
    found = {}
    for network, suffix in (
        (ALEXNET64, "safetensors"),
        (CAFFENET, "caffemodel"),
    ):
        tensors = random_tensors(
            network, 11 if network is ALEXNET64 else network.classes, biases=0.1
        )
        file = folder / f"{network.name}.{suffix}"
        if suffix == "safetensors":
            save_file(tensors, file)
        else:
            layers = caffe_files.alexnet(
                "caffenet", 1000, widths=(96, 256, 384, 384, 256), hidden=4096
            )
            for layer in (layer for layer in layers if layer.blobs):
                room = "features" if layer.kind == "Convolution" else "classifier"
                names = (f"{room}.{layer.name}.{kind}" for kind in ("weight", "bias"))
                layer.blobs = [tensors[name].numpy() for name in names]
            file.write_bytes(caffe_files.caffemodel(layers))
        found[network.name] = file
    return found


# Berkeley's two replicas and torchvision's network go one way through the code with one of these
# two, and each takes half a minute; test_export_memory.py exports torchvision's.
@pytest.mark.parametrize("network", [ALEXNET64, CAFFENET], ids=lambda n: n.name)
def test_a_file_is_exported_and_equal_to_pytorch(
    network: Network, files: dict[str, Path], tmp_path: Path
) -> None:
    file = files[network.name]
    report = export(tmp_path / "a.onnx", str(file))
    card = report.card
    assert card.parity.rel_l2 <= 2e-6
    assert card.parity.top5_agreement == 1.0
    assert card.name == network.name
    assert card.title == f"{network.title}, with other weights"
    assert replace(card.input, assumed=()) == network.input
    assert "mean" in card.input.assumed
    assert card.weights.source == file.name
    assert card.weights.sha256 == weights.file_hash(file)
    assert card.weights.licence == "unknown"
    assert card.accuracy == ()
    assert card.labels[3].name == "class 3"
    assert str(tmp_path.parent).encode() not in report.file.read_bytes()[-60_000:]
    # Other pictures than the exporter's own, at another batch size.
    size, classes = network.input.size, len(card.labels)
    batch = np.random.default_rng(1).standard_normal((3, 3, size, size), np.float32)
    if network is CAFFENET:
        batch *= 60
    loaded = load(str(file))
    found = compare(onnx_logits(report.file, batch), pytorch_logits(loaded.net, batch, card.input))
    assert found.rel_l2 <= 2e-6
    assert onnx_logits(report.file, batch).shape == (3, classes)
    model = onnx.load(report.file)
    averages = [n for n in model.graph.node if n.op_type == "AveragePool"]  # of the norms
    assert len(averages) == 2
    assert {n.op_type for n in model.graph.node} <= {
        "Add", "AveragePool", "Conv", "Gemm", "MaxPool", "Mul", "Reciprocal", "Relu", "Reshape", "Sqrt"
    }  # fmt: skip


def test_weights_for_a_named_network_bring_its_labels(files: dict[str, Path]) -> None:
    loaded = load("caffenet", files["caffenet"])
    assert loaded.name == "caffenet"
    assert loaded.labels[0].name == "tench"
    assert len(loaded.labels) == 1000
    assert loaded.title == f"{CAFFENET.title}, with other weights"
    assert loaded.accuracy == ()


def test_the_bundled_file_by_its_path_is_itself() -> None:
    loaded = load(str(weights.WEIGHTS))
    assert loaded.weights == weights.origin()
    assert loaded.labels == tiny_imagenet()


def test_other_classes_need_names(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        load("alexnet64", files["alexnet64"])
    assert str(error.value) == (
        f"{files['alexnet64']}: 11 classes, and alexnet64 has 200: name them with --labels FILE, a class a line"
    )
    names = tmp_path / "labels.txt"
    names.write_text("\n".join(f"thing {i}" for i in range(11)) + "\n")
    assert load("alexnet64", files["alexnet64"], names).labels[10].name == "thing 10"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["vgg"], 2, "vgg: no such network or file; the networks are alexnet64, imagenet1k, bvlc, caffenet (`python -m model_export --list` shows them), or name a file of weights"),
        (["none.pth"], 2, "none.pth: no such file"),
        (["none.pth", "--weights", "x.pth"], 2, "none.pth is a file of weights already: leave out --weights"),
        (["bvlc", "--weights", "README.md"], 2, "README.md: not a file of weights; PyTorch files, safetensors, .caffemodel, ONNX, .npy and .npz are read"),
        (["imagenet1k"], 3, "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth could not be downloaded ("),
    ],
)  # fmt: skip
def test_the_command_says_what_is_wrong(
    arguments: list[str], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXNET_CACHE", str(tmp_path))
    for name in ("http_proxy", "https_proxy"):  # an address that answers to nobody
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    done = command(*arguments, "-o", tmp_path / "a.onnx")
    assert done.returncode == code
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "a.onnx").exists()
    if code == 3:
        assert (
            f"put it at {tmp_path / 'alexnet-owt-7be5be79.pth'}, or name it with --weights FILE"
            in done.stderr
        )


LISTED = "the networks are alexnet64, imagenet1k, bvlc, caffenet (`python -m model_export --list` shows them), or name a file of weights"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("alexnet46", f"alexnet46: no such network or file; {LISTED}; did you mean alexnet64?"),
        ("", f"'': no such network or file; {LISTED}"),
        ("docs", "docs: a folder, not a file of weights"),
    ],
)
def test_an_invalid_network(name: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    with pytest.raises(UsageError) as error:
        load(name)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("words", "suffix"),
    [
        (("random-weights", "alexnet64"), ".safetensors"),
        (("record", "price_list", "no-such-data"), ".json"),
    ],
)
def test_every_command_says_where_it_cannot_write(
    words: tuple[str, ...], suffix: str, tmp_path: Path
) -> None:
    """Before its work, in one line."""
    (tmp_path / "file").write_text("")
    below = tmp_path / "file" / f"a{suffix}"
    ending = f"the output must be a file that ends in {suffix}"
    for output, message in (
        (tmp_path / "a.txt", f"{tmp_path / 'a.txt'}: {ending}"),
        (tmp_path, f"{tmp_path}: {ending}"),
        (below, f"cannot write {below}: {tmp_path / 'file'} is a file, not a folder"),
    ):
        done = command(*words, output)
        assert (done.returncode, done.stderr) == (2, f"error: {message}\n")


def test_a_read_only_folder_is_said_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked of the system, as a test that runs as root may write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(UsageError, match="is read-only for you"):
        refuse_if_no_place(tmp_path / "new" / "a.onnx", ".onnx")


def test_missing_data_is_an_error_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worked(*_: object) -> None:
        raise AssertionError("the network was run")

    monkeypatch.setattr("model_export.exporter.pytorch_logits", worked)
    with pytest.raises(EnvironmentLacks, match=r"^none: --evaluate .* no such file or folder$"):
        export(tmp_path / "a.onnx", evaluate=Path("none"))


def test_system_errors_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """By the file that failed, even where another is being written."""
    for name, line in (("a.onnx", "cannot write b.onnx"), ("", "b.onnx")):
        with pytest.raises(typer.Exit) as left, cli_errors(name):
            raise OSError(errno.EACCES, "Permission denied", "b.onnx")
        assert left.value.exit_code == 2
        assert capsys.readouterr().err == f"error: {line}: Permission denied\n"


def test_a_full_disk_is_a_line_of_the_command_that_writes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A command that only reads can meet it in its output alone, which `run` answers."""
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(typer.Exit) as left, cli_errors("a.onnx"):
        raise full
    assert left.value.exit_code == 2
    assert capsys.readouterr().err == "error: cannot write a.onnx: No space left on device\n"
    with pytest.raises(OSError, match="No space left") as passed, cli_errors():
        raise full
    assert passed.value is full


def test_random_weights_by_the_command_that_make_bench_runs(tmp_path: Path) -> None:
    file = tmp_path / "new" / "random.safetensors"
    assert command("random-weights", "alexnet64", file).returncode == 0
    loaded = load(str(file))
    assert loaded.network.layers == ALEXNET64.layers
    assert set(loaded.network.input.assumed) > {"mean", "std", "crop"}  # others' weights
    assert load("alexnet64", file).labels == tiny_imagenet()
    wrong = command("random-weights", "alexnet65", file)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith(
        "error: alexnet65: no such network or file; the networks are alexnet64"
    )


def test_the_package_offers_export_and_stays_light() -> None:
    code = "import sys, model_export; print({'torch', 'onnx', 'numpy'} & set(sys.modules)); from model_export import export, Report; print(export.__name__, Report.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\nexport Report\n"
    with pytest.raises(ImportError):
        from model_export import nothing  # noqa: F401
