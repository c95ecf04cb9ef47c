"""Layouts of labelled pictures: what is read, under which class, and what is said of bad ones."""

from __future__ import annotations

import gzip
import inspect
import io
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path

import pytest

from demo.datasets.classes import match
from demo.datasets.ground_truth import Answers
from demo.datasets.layouts import Labelled, class_of, open_data
from demo.datasets.stores import open_store
from demo.errors import LimitError, UsageError
from model_export.contract.card import Label
from tests.support.demo_model import card

KIT = {1: "n02119789", 2: "n02100735", 3: "n02110185"}


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def zipped(folder: Path, file: Path) -> Path:
    with zipfile.ZipFile(file, "w") as made:
        for path in sorted(folder.rglob("*")):
            made.write(path, path.relative_to(folder.parent))
    return file


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_class_folders(tmp_path: Path, kind: str) -> None:
    root = fill(
        tmp_path / "photos",
        "n02124075_Egyptian_cat/b.JPEG", "n02124075_Egyptian_cat/deep/a.png", "espresso/1.jpg",
        "espresso/notes.txt", "espresso/.hidden.jpg", ".git/n02124075/x.jpg",
    )  # fmt: skip
    data = open_data(root if kind == "folder" else zipped(root, tmp_path / "photos.zip"))
    prefix = "" if kind == "folder" else "photos/"
    assert data.pictures == (
        Labelled(f"{prefix}espresso/1.jpg", "espresso"),
        Labelled(f"{prefix}n02124075_Egyptian_cat/b.JPEG", "n02124075"),
        Labelled(f"{prefix}n02124075_Egyptian_cat/deep/a.png", "n02124075"),
    )
    assert data.read(data.pictures[0].name) == b"espresso/1.jpg"
    assert data.note == "left aside: 1 file, no picture by any name"


@pytest.mark.parametrize("form", ["gnu", "pax"])
@pytest.mark.skipif(not shutil.which("tar"), reason="no tar")
def test_a_tar_with_holes_and_links(tmp_path: Path, form: str) -> None:
    """By GNU tar: what is not stored is zeros, and links are named, not lost in silence."""
    root = fill(tmp_path / "d", "a/1.bmp", "b/2.bmp")
    with (root / "a/1.bmp").open("r+b") as file:
        file.seek(300_000)
        file.write(b"end")
    os.link(root / "b/2.bmp", root / "b/3.bmp")
    (root / "b/4.bmp").symlink_to("2.bmp")
    packed = tmp_path / "d.tar"
    subprocess.run(
        ["tar", "-S", f"--format={form}", "-cf", packed, "-C", tmp_path, "d"], check=True
    )
    assert packed.stat().st_size < 100_000  # it has holes
    data = open_data(packed)
    assert {p.name: data.read(p.name) for p in data.pictures}["d/a/1.bmp"] == (
        (root / "a/1.bmp").read_bytes()
    )
    assert len(data.pictures) == 2
    assert "2 links in the tar" in data.note


@pytest.mark.parametrize("harm", ["a damaged header", "a header cut short", "a second tar"])
def test_a_tar_does_not_end_in_silence(tmp_path: Path, harm: str) -> None:
    packed = tmp_path / "d.tar"
    with tarfile.open(packed, "w", format=tarfile.USTAR_FORMAT) as made:
        for name in ("a/1.png", "b/2.png", "b/3.png"):
            made.add(fill(tmp_path, name) / name, name)
    content = bytearray(packed.read_bytes())
    if harm == "a second tar":
        packed.write_bytes(content * 2)
        data = open_data(packed)
        assert len(data.pictures) == 3
        assert data.note == "left aside: 1 file after the end of the tar, such as a second tar"
        return
    content[1034] ^= 1  # of the second file, after the header and the block of the first
    packed.write_bytes(content if harm == "a damaged header" else content[:1124])
    with pytest.raises(UsageError, match="cut short or damaged; fetch it again"):
        open_data(packed)


def test_links_in_a_zip_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as made:
        made.writestr("a/1.png", b"1")
        link = zipfile.ZipInfo("b/2.png")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "../a/1.png")
    data = open_data(tmp_path / "d.zip")
    assert [picture.name for picture in data.pictures] == ["a/1.png"]
    assert data.note == "left aside: 1 link in the zip; unpack it to have them followed"


def test_a_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the system answers anyone but the superuser."""
    root = fill(tmp_path / "d", "a/1.png", "b/2.png")
    scan = os.scandir

    def refused(path: str) -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert open_data(root).note == "left aside: 1 folder that may not be read"


def test_folders_that_are_too_deep_are_refused(tmp_path: Path) -> None:
    """Python's limit is 1,000; here it is lowered, as pytest cannot remove so many."""
    (tmp_path / "d" / "/".join("a" * 200)).mkdir(parents=True)
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        with pytest.raises(UsageError, match=r"d: more folders inside one another than can be"):
            open_data(tmp_path / "d")
    finally:
        sys.setrecursionlimit(usual)


def test_pictures_without_a_class_differ_from_invalid_files(tmp_path: Path) -> None:
    root = fill(tmp_path / "d", "a/1.png", "b/2.png", "loose.png", "lost.jpg", "README.md")
    data = open_data(root)
    assert [p.name for p in data.pictures] == ["a/1.png", "b/2.png"]
    assert data.note == (
        "left aside: 1 file, no picture by any name; left aside: 2 pictures in no class folder"
    )


def test_a_single_class_and_tiny_imagenet_training(tmp_path: Path) -> None:
    one = open_data(fill(tmp_path / "one", "red/a.png", "red/b.png"))
    assert {p.wnid for p in one.pictures} == {"red"}
    deep = open_data(fill(tmp_path / "train", "n01443537/images/a.JPEG"))
    assert deep.pictures == (Labelled("n01443537/images/a.JPEG", "n01443537"),)
    assert class_of("n02124075x") == "n02124075"
    assert class_of("n0212407512") == "n0212407512"


@pytest.mark.parametrize("layout", ["class folders", "Tiny ImageNet"])
@pytest.mark.parametrize(
    ("field", "harm", "says"),
    [
        (None, b"\xff" * 8, "invalid block type"),  # the compressed bytes themselves
        (8, b"\x63\x00", "compression method is not supported"),
        (6, b"\x01\x00", "is encrypted, password required"),
    ],
    ids=["damaged", "of another kind", "encrypted"],
)
def test_a_bad_member_of_a_zip_is_one_picture_that_cannot_be_read(
    tmp_path: Path, layout: str, field: int | None, harm: bytes, says: str
) -> None:
    file, bad = tmp_path / "d.zip", "n00000001/b.png"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("n00000001/a.png", "whole")
        if layout == "Tiny ImageNet":
            bad = "val/images/b.JPEG"
            made.writestr("wnids.txt", "n00000001")
            made.writestr("val/val_annotations.txt", "b.JPEG\tn00000001\n")
        made.writestr(bad, "many words " * 99)
    content = bytearray(file.read_bytes())
    if field is None:
        at = content.find(bad.encode()) + len(bad)
    else:  # in the directory at the end; of the local header before the bytes as well
        at = content.rfind(b"PK\x01\x02") + 2 + field
        local = content.find(bad.encode()) - 30 + field
        content[local : local + 2] = harm
    content[at : at + len(harm)] = harm
    file.write_bytes(content)
    data = open_data(file)
    assert data.pictures[-1].name == bad
    with pytest.raises(OSError, match=says):
        data.read(bad)


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_no_link_counts_a_picture_twice(tmp_path: Path) -> None:
    root = fill(tmp_path / "d", "a/1.png", "b/2.png")
    (root / "a" / "all").symlink_to(root)
    (root / "c").symlink_to(fill(tmp_path / "elsewhere", "3.png"))
    (root / "e").symlink_to(root / "b")
    (root / "f").symlink_to(tmp_path / "elsewhere")
    (root / "b" / "same.png").symlink_to(root / "b" / "2.png")
    data = open_data(root)
    assert [p.name for p in data.pictures] == ["a/1.png", "b/2.png", "c/3.png"]
    assert data.note == "left aside: 4 links to what is there already"


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize(
    ("links", "names", "left"),
    [
        ({"k": "X", "l": "."}, ["a/0.png", "k/1.png", "l/Y/2.png"], 1),
        ({"k": ".", "l": "X"}, ["a/0.png", "k/X/1.png", "k/Y/2.png"], 1),
        ({"k": "X", "l.png": "X/1.png", "m": "Y"}, ["a/0.png", "k/1.png", "m/2.png"], 1),
        ({"k.png": "Y/2.png", "l": "."}, ["a/0.png", "k.png", "l/X/1.png"], 1),
    ],
)
def test_links_to_a_folder_and_into_it(
    tmp_path: Path, links: dict[str, str], names: list[str], left: int
) -> None:
    """Whatever leads to a picture, it is taken up once, under the first name."""
    elsewhere = fill(tmp_path / "elsewhere", "X/1.png", "Y/2.png")
    root = fill(tmp_path / "d", "a/0.png")
    for name, to in links.items():
        (root / name).symlink_to(elsewhere / to)
    store = open_store(root)
    assert sorted(store.sizes) == names
    assert store.note.startswith(f"left aside: {left} ")


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize("way", ["up", "root"])
def test_a_link_to_what_holds_the_folder_is_not_followed(tmp_path: Path, way: str) -> None:
    """Also where another folder outside has it."""
    elsewhere = fill(tmp_path / "elsewhere", "1.png")
    (elsewhere / "out").symlink_to(tmp_path if way == "up" else "/")
    root = fill(tmp_path / "d", "a/0.png")
    (root / "k").symlink_to(elsewhere)
    store = open_store(root)
    assert sorted(store.sizes) == ["a/0.png", "k/1.png"]
    assert store.note == "left aside: 1 link to what is there already"


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_a_tar_that_ends_in_a_zip_is_a_tar(tmp_path: Path, kind: str) -> None:
    """zipfile takes whatever has a zip's directory near its end for a zip."""
    root = fill(tmp_path / "d", "a/1.png", "b/2.png", "c/3.png")
    inner = zipped(root / "c", root / "more.zip")
    packed = tmp_path / f"d.{kind}"
    with (
        gzip.open(packed, "wb", 0) if kind == "tar.gz" else packed.open("wb") as file,
        tarfile.open(fileobj=file, mode="w") as made,
    ):
        for name in ("a", "b"):
            made.add(root / name, name)
        made.add(inner, "more.zip")
    assert zipfile.is_zipfile(packed)
    data = open_data(packed)
    assert [p.name for p in data.pictures] == ["a/1.png", "b/2.png"]
    assert data.note == "left aside: 1 file, no picture by any name"


def test_limit_is_spread_evenly(tmp_path: Path) -> None:
    data = open_data(fill(tmp_path / "d", *(f"{c}/{i}.png" for c in "abcd" for i in range(5))))
    assert [p.name for p in data.spread(4).pictures] == ["a/0.png", "b/0.png", "c/0.png", "d/0.png"]
    assert data.spread(99) is data


def test_tiny_imagenet_in_place(tmp_path: Path) -> None:
    root = fill(tmp_path / "tiny-imagenet-200", "val/images/val_1.JPEG", "val/images/val_0.JPEG")
    (root / "wnids.txt").write_text("n02124075\nn07920052\n")
    (root / "val" / "val_annotations.txt").write_text(
        "val_0.JPEG\tn07920052\t0\t0\t1\t1\nval_1.JPEG\tn02124075\t0\t0\t1\t1\n"
    )
    for path in (root, tmp_path, zipped(root, tmp_path / "tiny.zip")):
        data = open_data(path)
        assert data.title == "Tiny ImageNet, validation"
        assert [p.wnid for p in data.pictures] == ["n07920052", "n02124075"]
        assert data.read(data.pictures[1].name) == b"val/images/val_1.JPEG"


def ilsvrc(folder: Path, count: int = 3) -> Path:
    return fill(folder, *(f"ILSVRC2012_val_{i:08}.JPEG" for i in range(1, count + 1)))


def test_ilsvrc_with_the_answers_of_the_kit(tmp_path: Path) -> None:
    root = ilsvrc(tmp_path / "val")
    truth = tmp_path / "ILSVRC2012_devkit_t12" / "data" / "ILSVRC2012_validation_ground_truth.txt"
    truth.parent.mkdir(parents=True)
    truth.write_text("3\n1\n2\n")
    with pytest.raises(UsageError, match=r"no meta\.mat or map_clsloc\.txt"):
        open_data(root)
    (truth.parent / "map_clsloc.txt").write_text("n02119789 1 kit\nn02100735 2 en\nn02110185 3 s\n")
    data = open_data(root)
    assert data.title == "ImageNet, ILSVRC-2012 validation"
    assert [p.wnid for p in data.pictures] == ["n02110185", "n02119789", "n02100735"]


@pytest.mark.parametrize(
    ("name", "text", "classes"),
    [
        ("truth.txt", "n02110185\nn02119789\nn02100735\n", ["n02110185", "n02119789", "n02100735"]),
        (
            "val.txt",
            "ILSVRC2012_val_00000002.JPEG 0\nILSVRC2012_val_00000001.JPEG 999\n"
            "val/ILSVRC2012_val_00000003.JPEG 417\n",
            ["n15075141", "n01440764", "n02782093"],
        ),
        (
            "LOC_val_solution.csv",
            "ImageId,PredictionString\nILSVRC2012_val_00000003,n02119789 1 2 3 4 n02119789 5 6 7 8 \n"
            "ILSVRC2012_val_00000001,n02110185 1 2 3 4\nILSVRC2012_val_00000002,n02100735 1 1 1 1\n",
            ["n02110185", "n02100735", "n02119789"],
        ),
        (  # tabs, a name with a blank, numbers with zeros before them
            "val.txt",
            "ILSVRC2012_val_00000002.JPEG\t0\nmy pictures/ILSVRC2012_val_00000001.JPEG 0042\n"
            "ILSVRC2012_val_00000003.JPEG  n02119789\n",
            ["n01687978", "n01440764", "n02119789"],
        ),
        (  # names without endings, of Windows
            "val.txt",
            "ILSVRC2012_val_00000002 0\r\nval\\ILSVRC2012_val_00000001.JPEG 999\r\n"
            "val\\ILSVRC2012_val_00000003 417\r\n",
            ["n15075141", "n01440764", "n02782093"],
        ),
        (  # saved again by a spreadsheet
            "LOC_val_solution.csv",
            '\ufeff"ImageId","PredictionString"\r\n"ILSVRC2012_val_00000003","n02119789 1 2 3 4 "\r\n'
            '"ILSVRC2012_val_00000001","n02110185"\r\n"ILSVRC2012_val_00000002","n02100735"\r\n',
            ["n02110185", "n02100735", "n02119789"],
        ),
    ],
)
def test_other_forms_of_answers(tmp_path: Path, name: str, text: str, classes: list[str]) -> None:
    root = ilsvrc(tmp_path / "val")
    (tmp_path / name).write_text(text)
    assert [p.wnid for p in open_data(root, tmp_path / name).pictures] == classes
    if name != "truth.txt":
        assert open_data(root).pictures == open_data(root, tmp_path / name).pictures


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty; it should hold an answer a line"),
        ("n02110185\n", "holds 1 answer and none for ILSVRC2012_val_00000002.JPEG of"),
        ("n02110185\n\nn02110185\n", "line 2 says '', and an answer for each picture belongs"),
        ("a,n02110185 1 2 3 4 n02119789 1 2 3 4\n", "and one class alone belongs there"),
        ("\nn02110185\nn02110185\n", "line 1 says '', and an answer for each picture belongs"),
        ("cat\n", "line 1 says 'cat', and a WordNet id such as n02124075 belongs there"),
        ("a.JPEG 1000\n", "line 1 says '1000', and 0 to 999 belongs there"),
        ("a.JPEG ²\n", "line 1 says '²', and a WordNet id such as n02124075 belongs there"),
        ("²\n", "line 1 says '²', and a WordNet id such as n02124075 belongs there"),
        ("9" * 5000, f"line 1 says '{'9' * 40}', and a WordNet id such as"),
        ("a.JPEG " + "9" * 5000, f"line 1 says '{'9' * 40}', and a WordNet id such as"),
    ],
)
def test_wrong_answers(tmp_path: Path, text: str, says: str) -> None:
    root = ilsvrc(tmp_path / "val", 2)
    (tmp_path / "truth.txt").write_text(text)
    with pytest.raises(UsageError) as caught:
        open_data(root, tmp_path / "truth.txt")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("a/1.jpg n02119789\nb/1.jpg n02110185\n", ["n02119789", "n02110185"]),
        ("val/b/1.png 999\nval/a/1 0\nval/c/2.jpg 1\n", ["n01440764", "n15075141"]),
        ("1.jpg n02119789\n", "the answer for 1 goes with a/1.jpg and with b/1.jpg"),
        ("a/1.jpg n02119789\na/1.png n02110185\n", "has different answers for a/1.jpg"),
        ("a/1.jpg n02119789\nc/1.jpg n02110185\n", "holds 2 answers and none for b/1.jpg"),
    ],
)
def test_equal_names_in_several_folders(
    tmp_path: Path, text: str, classes: list[str] | str
) -> None:
    root = fill(tmp_path / "d", "a/1.jpg", "b/1.jpg")
    (tmp_path / "truth.txt").write_text(text)
    if isinstance(classes, list):
        assert [p.wnid for p in open_data(root, tmp_path / "truth.txt").pictures] == classes
    else:
        with pytest.raises(UsageError, match=classes):
            open_data(root, tmp_path / "truth.txt")


@pytest.mark.parametrize(
    "copy", ["small/ILSVRC2012_val_00000001.JPEG", "ILSVRC2012_val_00000001.jpg"]
)
def test_the_same_picture_twice_with_answers_by_number(tmp_path: Path, copy: str) -> None:
    root = fill(ilsvrc(tmp_path / "val", 2), copy)
    (tmp_path / "truth.txt").write_text("n02119789\nn02110185\n")
    with pytest.raises(UsageError, match=r"line 1 goes with .*\.JPEG and with .*; name one folder"):
        open_data(root, tmp_path / "truth.txt")


def test_no_answers_and_no_data(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name it with --ground-truth"):
        open_data(ilsvrc(tmp_path / "val"))
    (tmp_path / "no.zip").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="a file, but neither a zip nor a tar"):
        open_data(tmp_path / "no.zip")
    with pytest.raises(UsageError, match=r"cannot be read \(Is a directory\); check its name"):
        Answers(tmp_path)
    with pytest.raises(UsageError, match=r"a{300}: cannot be read \(File name too long\); check"):
        open_data(tmp_path / ("a" * 300))


def test_files_of_the_kit_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "truth.txt").write_text("1\n")
    for content, says in (
        (b"\xff\xfe", "map_clsloc.txt: no text"),
        ("n02119789 ² kit\n".encode(), "line 1 is not of the form `n02119789 1 kit_fox`"),
        (b"n02119789 " + b"9" * 5000, "line 1 is not of the form `n02119789 1 kit_fox`"),
    ):
        (tmp_path / "map_clsloc.txt").write_bytes(content)
        with pytest.raises(UsageError, match=says):
            Answers(tmp_path / "truth.txt")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("val/val_annotations.txt", b"val_0.JPEG\n"),
        ("val/val_annotations.txt", b"\xff\xfe"),
        ("val/val_annotations.txt", b"val_0.JPEG\tcat\n"),
        ("val/val_annotations.txt", b"val_0.JPEG\tn02124075\nval_0.JPEG\tn01440764\n"),
    ],
)
def test_tiny_imagenet_with_damaged_lists(tmp_path: Path, name: str, content: bytes) -> None:
    root = fill(tmp_path / "tiny-imagenet-200", "val/images/val_0.JPEG")
    (root / "wnids.txt").write_text("n02124075\n")
    (root / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn02124075\n")
    (root / name).write_bytes(content)
    with pytest.raises(UsageError, match="val_annotations\\.txt is damaged"):
        open_data(root)


def test_tiny_imagenet_without_its_classes(tmp_path: Path) -> None:
    """Its pictures are there, and nothing says what they show."""
    root = fill(tmp_path / "tiny-imagenet-200", "val/images/val_0.JPEG")
    (root / "wnids.txt").write_text("n02124075\n")
    with pytest.raises(
        UsageError, match="pictures and their classes \\(val/images with val/val_ann"
    ):
        open_data(root)
    (root / "val" / "val_annotations.txt").write_text(
        "\ufeff" + "val_0.JPEG\tn02124075\n" * 2, "utf-8"
    )
    assert open_data(root).pictures == (Labelled("val/images/val_0.JPEG", "n02124075"),)


def test_meta_mat_is_read_by_scipy(tmp_path: Path) -> None:
    (tmp_path / "truth.txt").write_text("3\n1\n")
    (tmp_path / "meta.mat").write_bytes(mat_file(KIT | {1001: "n00001740"}))
    if find_spec("scipy") is None:
        with pytest.raises(UsageError, match=r"pip install scipy, or copy the kit's map_clsloc"):
            Answers(tmp_path / "truth.txt")
        return
    assert Answers(tmp_path / "truth.txt").of("b", 2, tmp_path) == KIT[1]
    (tmp_path / "meta.mat").write_bytes(mat_file(KIT)[:-9])
    with pytest.raises(UsageError, match=r"not the kit's meta\.mat, or damaged"):
        Answers(tmp_path / "truth.txt")


def mat_file(rows: dict[int, str], field: str = "WNID") -> bytes:
    """A MAT-file of level 5, compressed, with a 1-d array of structures, as MATLAB writes it."""

    def element(kind: int, data: bytes) -> bytes:
        if len(data) <= 4:
            return struct.pack("<HH", kind, len(data)) + data.ljust(4, b"\0")
        return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    def matrix(class_: int, shape: tuple[int, int], name: str, body: bytes) -> bytes:
        return element(
            14,
            element(6, struct.pack("<II", class_, 0))
            + element(5, struct.pack("<ii", *shape))
            + element(1, name.encode())
            + body,
        )

    fields = ("ILSVRC2012_ID", field, "words")
    body = element(5, struct.pack("<i", 16))
    body += element(1, b"".join(f.encode().ljust(16, b"\0") for f in fields))
    for number, wnid in rows.items():
        kind, form = (2, "<B") if number < 256 else (4, "<H")
        body += matrix(6, (1, 1), "", element(kind, struct.pack(form, number)))
        body += matrix(4, (1, len(wnid)), "", element(16, wnid.encode()))
        body += matrix(4, (1, 3), "", element(4, "cat".encode("utf-16-le")))
    packed = zlib.compress(matrix(2, (len(rows), 1), "synsets", body))
    return b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(packed)) + packed


def test_classes_by_wordnet_id_then_by_name() -> None:
    found = match(card(), ["n00000002", "blue", "n00000001"])
    assert found.logit == {"n00000001": 0, "n00000002": 1, "blue": 2}
    assert found.note == "by name, where a folder or a label has no WordNet id"
    assert list(found.among) == [0, 1, 2]


def test_fewer_classes_only_when_asked() -> None:
    with pytest.raises(UsageError) as caught:
        match(card(), ["n00000001", "n00000009"])
    assert str(caught.value) == (
        "colour has 3 classes and knows 1 of the 2 in the data (not n00000009): --intersection "
        "evaluates the pictures of those alone"
    )
    found = match(card(), ["n00000002", "n00000009", "n00000001"], intersection=True)
    assert found.unknown == ("n00000009",)
    assert list(found.among) == [0, 1]
    with pytest.raises(UsageError, match="evaluate it on the data that it was made for"):
        match(card(), ["n00000009"], intersection=True)


def test_labels_without_ids() -> None:
    plain = card(labels=(Label("tench"), Label("crane"), Label("crane")))
    found = match(plain, ["n00000003", "n00000001", "n00000002"])
    assert found.logit == {"n00000001": 0, "n00000002": 1, "n00000003": 2}
    assert "sorted order" in found.note
    with pytest.raises(UsageError, match="knows 1 of the 2"):
        match(plain, ["tench", "crane"])  # which of the two cranes, nobody can tell


def test_folders_by_the_names_of_labels_that_have_ids() -> None:
    labels = (Label("Egyptian cat", "n02124075"), Label("lemon", "n07749582"), Label("blue"))
    found = match(card(labels=labels), ["egyptian_cat", "Lemon", "blue"])
    assert found.logit == {"egyptian_cat": 0, "Lemon": 1, "blue": 2}
    assert found.ids == ("egyptian_cat", "Lemon", "blue")
    with pytest.raises(UsageError, match="folders 'Lemon' and 'lemon' have the name of one class"):
        match(card(labels=labels), ["Lemon", "lemon"])
    accented = card(labels=(Label("caf\u00e9"), Label("blue")))
    assert match(accented, ["cafe\u0301", "blue"]).logit == {"cafe\u0301": 0, "blue": 1}


def test_a_thousand_labels_without_ids_are_the_sorted_classes() -> None:
    plain = card(labels=tuple(Label(f"class {i}") for i in range(1000)))
    found = match(plain, ["n02124075", "n01440764"])
    assert found.logit == {"n01440764": 0, "n02124075": 285}
    assert "sorted order" in found.note


@pytest.mark.parametrize("lists", [True, False], ids=["with wnids.txt", "without"])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_tiny_imagenet_in_folders_is_never_its_training_pictures(
    tmp_path: Path, lists: bool, kind: str
) -> None:
    root = fill(tmp_path / "d", *(f"a/tiny-imagenet-200/{name}" for name in (
        "train/n02124075/images/t.JPEG", "val/images/val_0.JPEG", "test/images/test_0.JPEG",
    )))  # fmt: skip
    inside = root / "a/tiny-imagenet-200"
    if lists:
        (inside / "wnids.txt").write_text("n02124075\n")
    (inside / "val/val_annotations.txt").write_text("val_0.JPEG\tn02124075\t0\t0\n")
    data = open_data(root if kind == "folder" else zipped(root, tmp_path / "d.zip"))
    assert [p.name.rpartition("a/")[2] for p in data.pictures] == [
        "tiny-imagenet-200/val/images/val_0.JPEG"
    ]
    (inside / "wnids.txt").unlink(missing_ok=True)
    (inside / "val/val_annotations.txt").unlink()
    with pytest.raises(UsageError, match=rf"several data sets of class folders \({inside}/train, "):
        open_data(root)


def test_several_tiny_imagenets_are_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        root = fill(tmp_path / "d" / name, "val/images/val_0.JPEG")
        (root / "wnids.txt").write_text("n02124075\n")
    with pytest.raises(UsageError, match=r"several data sets of Tiny ImageNet \(.*a/val, .*b/val"):
        open_data(tmp_path / "d")


@pytest.mark.parametrize("annotations", [False, True], ids=["removed", "kept"])
def test_tiny_imagenet_sorted_into_class_folders(tmp_path: Path, annotations: bool) -> None:
    root = fill(tmp_path / "tiny-imagenet-200", "val/n02124075/val_0.JPEG", "train/n1/x.JPEG")
    (root / "wnids.txt").write_text("n02124075\n")
    if annotations:
        (root / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn02124075\t0\t0\n")
    for path in (root, root / "val"):
        (picture,) = open_data(path).pictures
        assert picture.wnid == "n02124075"


def test_tiny_imagenets_val_alone(tmp_path: Path) -> None:
    root = fill(tmp_path / "val", "images/val_0.JPEG")
    (root / "val_annotations.txt").write_text("val_0.JPEG\tn02124075\t0\t0\n")
    assert open_data(root).pictures == (Labelled("images/val_0.JPEG", "n02124075"),)


def test_folders_named_by_numbers(tmp_path: Path) -> None:
    some = fill(tmp_path / "some", "0/a.png", "951/b.png")
    with pytest.raises(UsageError, match="2 folders named by numbers, and nothing says which"):
        open_data(some)
    v2 = fill(tmp_path / "v2", *(f"{i}/a.png" for i in range(1000)))
    data = open_data(v2)
    assert Labelled("951/a.png", "n07749582") in data.pictures
    assert "in the order of their WordNet ids" in data.note


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("train/n02124075/a.png", "val/n02124075/b.png"), ("train", "val")),
        (("train/cat/a.png", "val/cat/b.png", "test/dog/c.png"), ("test", "train", "val")),
        (("noise/1/n02124075/a.png", "noise/2/n02124075/a.png"), ("noise/1", "noise/2")),
    ],
    ids=["ImageNette", "names", "ImageNet-C"],
)
def test_several_data_sets_are_named(
    tmp_path: Path, names: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    root = fill(tmp_path / "d", *names)
    with pytest.raises(UsageError) as caught:
        open_data(root)
    paths = ", ".join(str(root / name) for name in shown)
    assert f"several data sets of class folders ({paths}); name one of them" in str(caught.value)
    assert open_data(root / shown[0]).pictures


@pytest.mark.parametrize(
    ("names", "wnids"),
    [
        (["./n02124075/a.png", "./n07749582/b.png"], ["n02124075", "n07749582"]),
        (["photos\\n02124075\\a.png", "photos\\n07749582\\b.png"], ["n02124075", "n07749582"]),
        (["/n02124075/a.png", "/n07749582/b.png"], ["n02124075", "n07749582"]),
        (["n02124075_some/n02124075/a.png", "n02124075_some/n07749582/b.png"],
         ["n02124075", "n07749582"]),
        (["n02124075/images/a.png"], ["n02124075"]),
        (["N02124075/A.PNG", "N07749582/B.PNG"], ["n02124075", "n07749582"]),
        (["../n02124075/a.png", "../n07749582/b.png"], ["n02124075", "n07749582"]),
    ],
    ids=["dot", "backslash", "slash", "root", "images", "capitals", "above"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_archives_as_other_programs_write_them(
    tmp_path: Path, kind: str, names: list[str], wnids: list[str]
) -> None:
    file = tmp_path / f"d.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as made:
            for name in names:
                entry = zipfile.ZipInfo("x")
                entry.filename = name
                made.writestr(entry, name)
    else:
        with tarfile.open(file, "w:gz" if kind == "tar.gz" else "w") as packed:
            for name in names:
                member = tarfile.TarInfo(name)
                member.size = len(name)
                packed.addfile(member, io.BytesIO(name.encode()))
    data = open_data(file)
    assert [p.wnid for p in data.pictures] == wnids
    assert [data.read(p.name).decode() for p in data.pictures] == names


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["flat/a.jpg"], "1 picture and no folders that say what they show; give Tiny ImageNet"),
        (["n02124075_cat/a.jpg"], "the pictures of one class; name the folder above"),
        (["other/a.cls", "other/b.txt"], "2 files, no picture by any name; give"),
        (["empty/.keep"], "holds no files; give"),
    ],
)
def test_a_place_without_labels_is_described(tmp_path: Path, names: list[str], says: str) -> None:
    fill(tmp_path, *names)
    with pytest.raises(UsageError) as caught:
        open_data(tmp_path / names[0].partition("/")[0])
    assert says in str(caught.value)


@pytest.mark.parametrize("at", [6, 46], ids=["a later version", "a name not in UTF-8"])
def test_a_zip_that_cannot_be_opened_is_an_error(tmp_path: Path, at: int) -> None:
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as file:
        file.writestr("\u00e9.png", b"")
    content = bytearray((tmp_path / "d.zip").read_bytes())
    content[content.index(b"PK\1\2") + at] = 0xFF
    (tmp_path / "d.zip").write_bytes(content)
    with pytest.raises(UsageError, match=r"a damaged zip .*; fetch or pack it again"):
        open_data(tmp_path / "d.zip")


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar", "bztar", "xztar"])
def test_an_archive_that_is_cut_short_is_called_one(tmp_path: Path, kind: str) -> None:
    """A download that broke off; and a byte changed inside gzip's stream."""
    noise = fill(tmp_path / "d") / "n02124075" / "a.jpg"
    noise.parent.mkdir(parents=True)
    noise.write_bytes(os.urandom(50_000))
    file = Path(shutil.make_archive(str(tmp_path / "d"), kind, tmp_path, "d"))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match="a zip or tar that is cut short or damaged; fetch it"):
        open_data(file)
    if kind == "gztar":
        block = whole.index(b"d.tar\0") + 6  # after the header; there is no third type of block
        file.write_bytes(whole[:block] + bytes([whole[block] | 6]) + whole[block + 1 :])
        with pytest.raises(UsageError, match="a zip or tar that is cut short or damaged"):
            open_data(file)


def test_a_full_disk_while_a_tar_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "d.tar.gz"
    fill(tmp_path / "d", "n02124075/a.jpg")
    with tarfile.open(file, "w:gz") as packed:
        packed.add(tmp_path / "d", "d")
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    full = Path("/dev/full").open("w+b", buffering=0)  # noqa: SIM115 (the store closes it)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda: full)
    with pytest.raises(UsageError, match=r"no room to unpack it; unpack it elsewhere and name"):
        open_data(file)


def test_duplicate_member_names_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "d.zip"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("n02124075/a.png", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("n02124075/a.png", "two")
    data = open_data(file)
    assert data.read(data.pictures[0].name) == b"two"
    assert data.note == "left aside: 1 member with the name of a later one"


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_file_above_the_limit_is_not_read(tmp_path: Path, kind: str) -> None:
    if kind == "zip":
        file = tmp_path / "d.zip"
        with (
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made,
            made.open("n02124075/a.png", "w", force_zip64=True) as member,
        ):
            for _ in range(520):
                member.write(bytes(2**20))
        assert file.stat().st_size < 2**20
    else:
        file = tmp_path / "d"
        (file / "n02124075").mkdir(parents=True)
        with (file / "n02124075" / "a.png").open("wb") as sparse:
            sparse.truncate(520 * 2**20)
    data = open_data(file)
    with pytest.raises(LimitError, match="545,259,520 bytes, more than the limit"):
        data.read("n02124075/a.png")


@pytest.mark.skipif(os.name != "posix", reason="named pipes of POSIX")
def test_only_regular_files_are_pictures(tmp_path: Path) -> None:
    root = fill(tmp_path / "d", "a/1.png", "b/2.png")
    os.mkfifo(root / "a" / "pipe.png")
    assert [p.name for p in open_data(root).pictures] == ["a/1.png", "b/2.png"]
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        open_data(root / "a" / "pipe.png")
