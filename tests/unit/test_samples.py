"""The demo's sample pictures: each one credited, freely usable, small and without metadata."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "demo" / "samples"
LABELS = ROOT / "model_export" / "contract" / "data" / "tiny_imagenet.tsv"
CREDITS = yaml.safe_load((SAMPLES / "CREDITS.yml").read_text(encoding="utf-8"))
FIELDS = {
    "file", "title", "shows", "tiny_imagenet_wnid", "author",
    "licence", "licence_url", "source_url", "note",
}  # fmt: skip
LICENCES = {"CC0-1.0", "Public domain"}
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif"}

each_credit = pytest.mark.parametrize("credit", CREDITS, ids=lambda credit: credit["file"])


def test_pictures_and_credits_match_one_to_one() -> None:
    files = [credit["file"] for credit in CREDITS]
    assert len(files) == len(set(files))
    assert sorted(files) == sorted(
        path.relative_to(SAMPLES).as_posix()
        for path in SAMPLES.rglob("*")
        if path.suffix.lower() in PICTURES
    )


def test_there_is_enough_to_choose_from() -> None:
    known = [credit["tiny_imagenet_wnid"] for credit in CREDITS if credit["tiny_imagenet_wnid"]]
    assert len(set(known)) >= 8
    assert any(credit["tiny_imagenet_wnid"] is None for credit in CREDITS)


def test_the_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 2_000_000


@each_credit
def test_credit_is_complete(credit: dict[str, str | None]) -> None:
    assert set(credit) == FIELDS
    for field in ("title", "shows", "author", "note"):
        text = credit[field]
        assert isinstance(text, str)
        assert text.strip() == text != ""
    assert credit["licence"] in LICENCES
    assert str(credit["licence_url"]).startswith("https://")
    assert credit["source_url"] is None or str(credit["source_url"]).startswith("http")
    classes = {line.split("\t")[0] for line in LABELS.read_text(encoding="utf-8").splitlines()}
    assert credit["tiny_imagenet_wnid"] in {None, *classes}


@each_credit
def test_our_own_pictures_have_their_scene(credit: dict[str, str | None]) -> None:
    if credit["source_url"] is None:
        assert (SAMPLES / "scenes" / f"{Path(str(credit['file'])).stem}.pov").is_file()


@each_credit
def test_picture_is_plain(credit: dict[str, str | None]) -> None:
    path = SAMPLES / str(credit["file"])
    assert path.stat().st_size < 150_000
    with Image.open(path) as picture:
        picture.load()
        assert picture.mode == "RGB"
        assert min(picture.size) >= 256
        assert max(picture.size) <= 1024
        assert not picture.getexif()
        assert not {"exif", "xmp", "photoshop", "comment", "icc_profile"} & set(picture.info)
