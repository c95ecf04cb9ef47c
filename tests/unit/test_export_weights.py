"""Weights from files: each format against PyTorch, recognition, and every kind of bad file."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from model_export.architectures import AlexNet2012, alexnet64
from model_export.contract.errors import AlexNetError, UsageError
from model_export.networks import ALEXNET64, BVLC, IMAGENET1K
from model_export.sources import caffemodel, local_weights
from model_export.sources.local_weights import UnsafeFile
from tests.support import caffe_files

FC8 = caffe_files.caffemodel(
    [
        caffe_files.Layer(
            "fc8", "InnerProduct", "x", "y", {"num_output": 2}, [np.zeros((2, 3), np.float32)]
        )
    ]
)


@pytest.mark.parametrize(
    "how",
    [
        {"form": "V1"},
        {"form": "V2"},
        {"form": "V2", "double": True},
        {"form": "V1", "packed": False},
    ],
    ids=["V1", "V2", "doubles", "unpacked"],
)
def test_blobs_in_every_encoding(tmp_path: Path, how: dict[str, Any]) -> None:
    layers = caffe_files.alexnet()
    if how.get("packed") is False:  # a tag a value: keep it small
        layers = caffe_files.alexnet(widths=(2, 4, 2, 2, 2), hidden=2)
    file = tmp_path / "net.caffemodel"
    file.write_bytes(caffe_files.caffemodel(layers, **how))
    read = caffemodel.read(file).tensors
    for layer in layers:
        for kind, array in zip(("weight", "bias"), layer.blobs, strict=False):
            np.testing.assert_array_equal(read[f"{layer.name}.{kind}"], array)


def test_the_caffe_form_is_caffes_arithmetic() -> None:
    """Against torch's own functions: LRN with k = 1, pools rounded up, groups, ReLU first."""
    torch.manual_seed(4)
    for size in (227, 224, 100):
        net = AlexNet2012(5, size, hidden=8, form="caffe").double().eval()
        for p in net.parameters():
            nn.init.normal_(p, std=0.3 if p.ndim == 1 else 2 / np.sqrt(p[0].numel()))
        image = 50 * torch.randn(2, 3, size, size, dtype=torch.float64)
        t = net.state_dict()
        f = nn.functional
        x = image
        for i, (stride, pad, groups) in enumerate(
            [(4, 0, 1), (1, 2, 2), (1, 1, 1), (1, 1, 2), (1, 1, 2)], 1
        ):
            x = f.conv2d(
                x,
                t[f"features.conv{i}.weight"],
                t[f"features.conv{i}.bias"],
                stride,
                pad,
                groups=groups,
            ).relu()
            if i in (1, 2):
                x = f.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)
            if i in (1, 2, 5):
                x = f.max_pool2d(x, 3, 2, ceil_mode=True)
        x = x.flatten(1)
        for name in ("fc6", "fc7", "fc8"):
            x = f.linear(x, t[f"classifier.{name}.weight"], t[f"classifier.{name}.bias"])
            x = x.relu() if name != "fc8" else x
        with torch.inference_mode():
            torch.testing.assert_close(net(image), x)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x12\xff\xff\xff\xff\x0f", "field 2 at byte 0 claims 4,294,967,295 bytes and 0 are left"),
        (b"\x12", "cut short in a number at byte 1"),
        (b"\x13", "unknown wire type 3 at byte 0"),
        (b"\x00\x00", "field number 0 at byte 0"),
        (b"\x08" + b"\xff" * 20, "a number of more than 64 bits at byte 1"),
        (b"\x10\x05", "a number (5) where a message belongs"),
        (FC8[:-4], "field 100 at byte 9 claims 64 bytes and 60 are left"),
        (caffe_files.message(100, caffe_files.message(1, b"fc8") + caffe_files.message(7, caffe_files.message(5, b"abc"))), "layer 'fc8' has 3 bytes of float32"),
        (caffe_files.message(100, caffe_files.message(1, b"fc8") + caffe_files.message(7, caffe_files.message(7, caffe_files.message(1, b"\x09")) + caffe_files.message(5, b"abcd"))), "layer 'fc8' has 1 values for the shape (9,)"),
    ],
)  # fmt: skip
def test_a_bad_caffemodel_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "bad.caffemodel"
    file.write_bytes(content)
    with pytest.raises(UsageError) as error:
        local_weights.read(file)
    assert str(error.value).startswith(f"{file}: not a whole .caffemodel (")
    assert reason in str(error.value)


def test_other_protobuf_is_rejected_as_caffemodel(tmp_path: Path) -> None:
    file = tmp_path / "a.caffemodel"
    file.write_bytes(caffe_files.message(1, b"a name and nothing else"))
    with pytest.raises(UsageError, match=r"not a \.caffemodel \(no layer in it has weights\)"):
        local_weights.read(file)
    file.write_bytes(b"")
    with pytest.raises(UsageError, match=r"the file is empty \(0 bytes\)"):
        local_weights.read(file)


def test_random_bytes_raise_nothing_else(tmp_path: Path) -> None:
    """A thousand damaged files: a clear error or tensors, and never anything else."""
    rng = np.random.default_rng(0)
    good = caffe_files.caffemodel(caffe_files.alexnet(widths=(2, 4, 2, 2, 2), hidden=2))[:4000]
    for _ in range(1000):
        data = bytearray(good)
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(0, 256)
        file = tmp_path / "x.caffemodel"
        file.write_bytes(bytes(data))
        with contextlib.suppress(UsageError):
            caffemodel.read(file)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_pytorchs_own_formats(tmp_path: Path, suffix: str) -> None:
    net = alexnet64(5)
    file = tmp_path / f"net{suffix}"
    if suffix == ".safetensors":
        save_file({n: t.half() for n, t in net.state_dict().items()}, file)
    else:
        torch.save({"state_dict": {f"module.{n}": t for n, t in net.state_dict().items()}}, file)
    read = local_weights.read(file)
    assert {t.dtype for t in read.values()} == {torch.float32}
    assert local_weights.recognise(file, read) is ALEXNET64
    assert local_weights.check(file, read, ALEXNET64) == 5
    torch.testing.assert_close(
        read["classifier.fc8.weight"], net.classifier.fc8.weight.data, rtol=1e-3, atol=1e-4
    )


def empty(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def test_networks_are_recognised_by_their_tensors() -> None:
    for network in (ALEXNET64, IMAGENET1K):
        file = Path("x.pth")
        assert local_weights.recognise(file, empty(network.shapes(31))) is network
    with pytest.raises(UsageError, match=r"python -m model_export bvlc --weights x\.pth"):
        local_weights.recognise(Path("x.pth"), empty(BVLC.shapes()))


def test_a_mismatch_names_the_first_tensors_with_both_shapes() -> None:
    shapes = IMAGENET1K.shapes()
    shapes["features.0.weight"] = (96, 3, 11, 11)
    shapes["features.0.bias"] = (96,)
    del shapes["classifier.4.bias"]
    shapes["bn.weight"] = (4,)
    with pytest.raises(UsageError) as error:
        local_weights.recognise(Path("x.pth"), empty(shapes))
    assert str(error.value) == (
        "x.pth: does not fit imagenet1k: "
        "features.0.weight is (96, 3, 11, 11) for (64, 3, 11, 11); features.0.bias is (96,) for (64,); "
        "classifier.4.bias is missing for (4096,); and 1 more. The file holds "
        "features.0.weight (96, 3, 11, 11), features.0.bias (96,), features.3.weight (192, 64, 5, 5) and 13 more"
    )


def test_what_fits_nothing_has_no_nearest() -> None:
    with pytest.raises(UsageError) as error:
        local_weights.recognise(Path("x.pth"), empty({"encoder.weight": (3, 4)}))
    assert str(error.value).startswith(
        "x.pth: fits none of alexnet64, imagenet1k, bvlc, caffenet: it holds encoder.weight (3, 4), "
        "where features.conv1.weight (96, 3, 11, 11) (alexnet64) or"
    )


class Malicious:
    """A pickle that would run a command."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("form", ["zip", "bare pickle"])
def test_a_malicious_pth_runs_nothing(tmp_path: Path, form: str) -> None:
    mark, file = tmp_path / "mark", tmp_path / "bad.pth"
    if form == "zip":
        torch.save({"features.0.weight": Malicious(mark)}, file)
    else:
        file.write_bytes(pickle.dumps(Malicious(mark), protocol=2))
    with pytest.raises(AlexNetError) as error:
        local_weights.read(file)
    assert not mark.exists()
    assert isinstance(error.value, UnsafeFile)
    assert error.value.exit_code == 2
    assert str(error.value) == (
        f"{file}: refused: it holds more than tensors, it calls for posix.system; nothing was run. "
        "If you trust its maker, ask for its state_dict() as .safetensors"
    )


def test_a_truncated_safetensors_is_refused(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    save_file({"a": torch.zeros(1000)}, whole)
    data = whole.read_bytes()
    cut.write_bytes(data[:-100])
    with pytest.raises(UnsafeFile) as error:
        local_weights.read(cut)
    assert str(error.value) == (
        f"{cut}: refused: its header claims {len(data):,} bytes, and the file has {len(data) - 100:,}; "
        "it is cut short or damaged: fetch it again"
    )


@pytest.mark.parametrize("where", ["length", "offsets"])
def test_a_header_that_claims_ten_gigabytes_is_refused(tmp_path: Path, where: str) -> None:
    file = tmp_path / "big.safetensors"
    header = json.dumps({"a": {"dtype": "F32", "shape": [2500000000], "data_offsets": [0, 10**10]}})
    length = 10**10 if where == "length" else len(header)
    file.write_bytes(struct.pack("<Q", length) + header.encode())
    with pytest.raises(
        UnsafeFile,
        match=r"refused: its header claims 10,000,000,\d\d\d bytes, and the file has \d+;",
    ):
        local_weights.read(file)


@pytest.mark.parametrize(
    "content",
    [
        b"abc",
        struct.pack("<Q", 4) + b"nope",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 8) + b'{"a": 1}',
    ],
)
def test_invalid_safetensors(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.safetensors"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="not a safetensors file"):
        local_weights.read(file)


def test_a_zip_bomb_is_refused_by_its_own_numbers(tmp_path: Path) -> None:
    file = tmp_path / "bomb.pth"
    block = bytes(64 << 20)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("archive/data.pkl", b"")
        archive.writestr("archive/data/0", block)
        infos = archive.infolist()
        for i in range(1, 40):  # the directory may name the same bytes again and again
            again = zipfile.ZipInfo(f"archive/data/{i}")
            for key in ("compress_type", "compress_size", "file_size", "CRC", "header_offset"):
                setattr(again, key, getattr(infos[1], key))
            archive.filelist.append(again)
    assert file.stat().st_size < 1 << 20
    with pytest.raises(UnsafeFile) as error:
        local_weights.read(file)
    assert str(error.value) == (
        f"{file}: refused: it unpacks to {40 * len(block):,} bytes from {file.stat().st_size:,}, more than any AlexNet"
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: f.write_bytes(b"no pickle"), "not a PyTorch file, or cut short"),
        (lambda f: torch.save([1, 2], f), "holds no state_dict, a dictionary of tensors by name (no dictionary)"),
        (lambda f: torch.save({"epoch": 3}, f), "holds no state_dict, a dictionary of tensors by name ('epoch' is a int)"),
        (lambda f: torch.save({"a": torch.tensor([float("nan")])}, f), "a holds a value that is not finite; it is damaged"),
        (lambda f: torch.save({"a": torch.zeros(1, dtype=torch.half).expand(10**10)}, f), "refused: its tensors claim 40,000,000,000 bytes, more than any AlexNet"),
        (lambda f: None, "no such file"),
    ],
)  # fmt: skip
def test_an_invalid_state_dict(tmp_path: Path, make, message: str) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "x.pth"
    make(file)
    with pytest.raises(AlexNetError) as error:
        local_weights.read(file)
    assert str(error.value) == f"{file}: {message}"
