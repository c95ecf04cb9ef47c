"""Training: the data set's layouts, the recipe, a real short run, resuming, the downloads."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import http.server
import io
import json
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from model_export.architectures import ResponseNorm, alexnet64
from model_export.contract import tiny_imagenet as tiny
from model_export.contract.errors import UsageError
from model_export.train import start, train
from model_export.training.augment import MEAN, STD, augment, colour_axes, jpeg_like, mix
from model_export.training.dataset import download
from model_export.training.recipe import Recipe
from model_export.training.run import Run
from model_export.training.scaffold import BandedResponseNorm, fold, load_plain, scaffold, unfold

SMALL = Recipe(
    epochs=2,
    sizes=((0, 32), (-1, 40)),
    warmup_epochs=0.5,
    decay_epochs=1,
    batch=16,
    lr=0.02,
    dropout=0.1,
    held_out=2,
    seed=1,
)


def make_set(folder: Path, classes: int = 6, each: int = 16) -> Path:
    """Tiny ImageNet's official layout with plain colours: red, green, blue, and again."""
    root = folder / "tiny-imagenet-200"
    rng = np.random.default_rng(0)
    wnids = [f"n0000000{c}" for c in range(classes)]
    (root / "val" / "images").mkdir(parents=True)
    (root / "wnids.txt").write_text("\n".join(wnids))
    rows = []
    for c, wnid in enumerate(wnids):
        images = root / "train" / wnid / "images"
        images.mkdir(parents=True)
        (images.parent / f"{wnid}_boxes.txt").write_text("")
        for i in range(each):
            pixels = rng.integers(0, 80, (64, 64, 3), np.uint8)
            pixels[..., c % 3] += 150
            Image.fromarray(pixels).save(images / f"{wnid}_{i}.JPEG")
            if i < 4:
                name = f"val_{c * 4 + i}.JPEG"
                grey = Image.fromarray(pixels).convert("L")
                (grey if i == 3 else Image.fromarray(pixels)).save(root / "val" / "images" / name)
                rows.append(f"{name}\t{wnid}\t0\t0\t63\t63\n")
    (root / "val" / "val_annotations.txt").write_text("".join(rows))
    return root


def zipped(root: Path) -> Path:
    path = root.parent / "tiny.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*")):
            archive.write(file, file.relative_to(root.parent))
    return path


def test_folder_and_zip_give_the_same(tmp_path: Path) -> None:
    root = make_set(tmp_path)
    sources = [tiny.TinyImageNet(p) for p in (root, tmp_path, zipped(root))]
    for split, count in (("train", 96), ("val", 24)):
        first, *others = [s.load(split) for s in sources]
        assert first.images.shape == (count, 64, 64, 3)
        assert np.bincount(first.labels).tolist() == [count // 6] * 6
        for other in others:
            assert np.array_equal(first.images, other.images)
            assert np.array_equal(first.labels, other.labels)
    red = sources[0].load("train").images[0].mean((0, 1))
    assert red.argmax() == 0


def test_a_limit_takes_as_many_of_every_class(tmp_path: Path) -> None:
    source = tiny.TinyImageNet(make_set(tmp_path))  # 16 of each of 6 classes
    names = [Path(name).stem for name, _ in source.entries("train")]
    for limit, held_out, counts in (
        (12, 0, [2] * 6),
        (13, 0, [3, 2, 2, 2, 2, 2]),
        (12, 4, [6] * 6),
    ):
        few = source.load("train", limit, held_out)
        assert np.bincount(few.labels, minlength=6).tolist() == counts
    whole, few = source.load("train"), source.load("train", 12, held_out=4)
    (_, held), (learn, same) = whole.split(4), few.split(4)
    assert np.array_equal(same.images, held.images)
    wanted = [whole.images[names.index(f"n0000000{c}_{i}")] for c in range(6) for i in (0, 1)]
    assert np.array_equal(learn.images, np.stack(wanted))
    assert np.bincount(source.load("val", 12).labels).tolist() == [2] * 6


def test_fewer_pictures_than_a_batch_are_refused(tmp_path: Path) -> None:
    root = make_set(tmp_path)
    with pytest.raises(UsageError, match=r"12 pictures .* fewer than a batch of 256: use more"):
        start(root, tmp_path / "out", ["held_out=2"], limit=12)


def test_wrong_sources_say_how_to_supply_the_data(tmp_path: Path) -> None:
    mend = (
        f"Tiny ImageNet is at {tiny.URL}: fetch it on a machine with a network and name the zip, "
        "or the unpacked folder, instead, or in the environment variable TINY_IMAGENET."
    )
    text = tmp_path / "a.zip"
    text.write_text("no zip")
    for path, reason in (
        (tmp_path / "none", "no such file or folder"),
        (tmp_path, "holds no wnids.txt"),
        (text, "not a zip file"),
    ):
        with pytest.raises(tiny.DataError) as error:
            tiny.TinyImageNet(path)
        assert str(error.value) == f"{path}: {reason}. {mend}"


def test_a_validation_only_set_has_nothing_to_train_on(tmp_path: Path) -> None:
    root = make_set(tmp_path)
    with zipfile.ZipFile(tmp_path / "val.zip", "w") as archive:
        for name in ("wnids.txt", "val/val_annotations.txt"):
            archive.write(root / name, f"tiny-imagenet-200/{name}")
    source = tiny.TinyImageNet(tmp_path / "val.zip")
    with pytest.raises(tiny.DataError, match="holds no train pictures"):
        source.load("train")


def test_the_schedule() -> None:
    recipe = Recipe()
    rates = [recipe.lr_at(e / 4) for e in range(4 * recipe.epochs + 1)]
    assert max(rates) == pytest.approx(recipe.lr)
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    peak = int(np.argmax(rates))
    assert peak == 4 * recipe.warmup_epochs
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert sum(rate == recipe.lr for rate in rates) > len(rates) / 2
    sizes = [recipe.size_at(e) for e in range(recipe.epochs)]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-5:]) == (32, [48, 64, 64, 64, 64])


def test_a_longer_run_starts_the_same() -> None:
    short, long = (dataclasses.replace(Recipe(), epochs=e) for e in (60, 100))
    for epoch in range(45):
        assert short.lr_at(epoch) == long.lr_at(epoch)
        assert short.size_at(epoch) == long.size_at(epoch)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("rate=0.1", "no such setting; there are epochs, sizes, "),
        ("epochs=0", "Expected `int` >= 1"),
        ('lr="fast"', "Expected `float`, got `str`"),
        ("dropout=1.0", "Expected `float` < 1.0"),
        ("sizes=[[0, 33]]", "Expected `int` that's a multiple of 8"),
    ],
)
def test_a_wrong_setting_is_named(setting: str, reason: str) -> None:
    with pytest.raises(UsageError, match=re.escape(reason)):
        Recipe().replaced([setting])


def test_settings_are_json() -> None:
    recipe = Recipe().replaced(["lr=0.3", "sizes=[[0, 40], [-2, 64]]"])
    assert recipe == dataclasses.replace(Recipe(), lr=0.3, sizes=((0, 40), (-2, 64)))


def test_held_out_pictures_are_of_every_class_and_never_trained_on() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1, 1])
    images = np.arange(7, dtype=np.uint8).reshape(7, 1, 1, 1)
    kept, held = tiny.Split(images, labels).split(2)
    assert held.labels.tolist() == [0, 0, 1, 1]
    assert sorted([*kept.images.ravel(), *held.images.ravel()]) == list(range(7))
    assert len(tiny.Split(images, labels).split(0)[1].images) == 0


def test_augmentation_is_seeded_and_shaped() -> None:
    images = torch.randint(0, 256, (6, 64, 64, 3), dtype=torch.uint8)
    axes = torch.from_numpy(colour_axes(images.numpy()))

    def view(seed: int) -> torch.Tensor:
        return augment(images, 40, Recipe(), axes, torch.Generator().manual_seed(seed))

    assert view(1).shape == (6, 3, 40, 40)
    assert torch.equal(view(1), view(1))
    assert not torch.equal(view(1), view(2))
    # Without randomness it is the picture itself, normalised.
    still = Recipe(
        crop_area=(1.0, 1.0),
        crop_aspect=1.0,
        rotation=0.0,
        colour_shift=0.0,
        colour_jitter=0.0,
        grey=0.0,
        blur=0.0,
        jpeg=0.0,
        solarise=0.0,
    )
    x = augment(images, 64, still, axes, torch.Generator().manual_seed(0))
    plain = (images.permute(0, 3, 1, 2) / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(
        STD
    ).view(3, 1, 1)
    for got, wanted in zip(x, plain, strict=True):
        mirrored = wanted.flip(2)
        assert min((got - wanted).abs().max(), (got - mirrored).abs().max()) < 1e-4


def test_a_jpeg_like_view_is_near_what_pillow_saves() -> None:
    """Both lose fine detail, and about as much: smooth pictures stay, noise goes."""
    rng = np.random.default_rng(0)
    row = np.linspace(40, 200, 64)
    smooth = np.repeat(np.repeat(row[None, :, None], 64, 0), 3, 2)
    noisy = smooth + rng.normal(0, 8, smooth.shape)
    losses = []
    for pixels in (smooth, noisy):
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=15)
        x = torch.from_numpy(np.asarray(image) / 255.0).float().permute(2, 0, 1)[None]
        ours = float((jpeg_like(x, torch.tensor([0.15])) - x).std())
        theirs = float((np.asarray(Image.open(buffer)) / 255.0 - np.asarray(image) / 255.0).std())
        assert 0.4 < ours / theirs < 2.5
        losses.append(ours)
    assert losses[1] > 2 * losses[0]


def test_mixing_shares_pictures_as_it_shares_labels() -> None:
    """Pictures of one grey level each: a mixed picture's mean is that of its shares."""
    levels = torch.arange(8.0)
    x = levels.view(8, 1, 1, 1).expand(8, 3, 32, 32)
    recipe, seen = Recipe(mix=1.0), set()
    for seed in range(12):
        mixed, share = mix(x, recipe, torch.Generator().manual_seed(seed))
        wanted = levels * share + levels.flip(0) * (1 - share)
        torch.testing.assert_close(mixed.mean((1, 2, 3)), wanted)
        seen.add("CutMix" if float(share.std()) == 0 else "mixup")
    assert seen == {"CutMix", "mixup"}
    plain, share = mix(x, Recipe(mix=0.0), torch.Generator())
    assert torch.equal(plain, x)
    assert share.tolist() == [1] * 8


def test_colour_axes_are_the_principal_components() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, 64, 64, 3), np.uint8)
    axes = colour_axes(images)
    covariance = np.cov(images[:, ::4, ::4].reshape(-1, 3) / 255.0, rowvar=False)
    np.testing.assert_allclose(axes @ axes.T, covariance, rtol=1e-4, atol=1e-6)


def test_the_banded_norm_and_its_gradient_are_the_plain_ones() -> None:
    x = torch.randn(2, 12, 4, 5, dtype=torch.float64, requires_grad=True)
    plain, banded = ResponseNorm(alpha=0.5, towers=2), BandedResponseNorm(alpha=0.5, towers=2)
    torch.testing.assert_close(banded(x), plain(x))
    weights = torch.randn_like(x)
    wanted, got = (torch.autograd.grad((f(x) * weights).sum(), x)[0] for f in (plain, banded))
    torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize("size", [32, 40, 64])
def test_the_faster_convolutions_and_their_gradients_are_the_plain_ones(size: int) -> None:
    torch.manual_seed(0)
    net = scaffold(alexnet64(5)).double()
    x = torch.randn(2, 3, size, size, dtype=torch.float64)
    for layer in net:
        if isinstance(layer, torch.nn.Flatten):
            break
        if isinstance(layer, torch.nn.Conv2d):
            given = x.detach().requires_grad_()
            weight, bias = layer.weight, layer.bias
            assert bias is not None
            plain = torch.nn.functional.conv2d(
                given, weight, bias, layer.stride, layer.padding, groups=layer.groups
            )
            fast = layer(given)
            torch.testing.assert_close(fast, plain)
            to = torch.randn_like(plain)
            wanted, got = (
                torch.autograd.grad((y * to).sum(), (given, weight, bias)) for y in (plain, fast)
            )
            torch.testing.assert_close(got, wanted)
        x = layer(x)


def test_unfolding_lets_a_plain_network_train_on(tmp_path: Path) -> None:
    torch.manual_seed(0)
    plain = alexnet64(5).eval()
    save_file(plain.state_dict(), tmp_path / "weights.safetensors")
    x = torch.randn(32, 3, 64, 64)
    trained = load_plain(tmp_path / "weights.safetensors", scaffold(alexnet64(5, dropout=0.0)))
    with torch.no_grad():
        wanted = plain(x)
        torch.testing.assert_close(trained(x), wanted, rtol=1e-3, atol=1e-4)
        unfold(trained, x)
        torch.testing.assert_close(trained.train()(x), wanted, rtol=1e-3, atol=1e-3)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file({"fc.weight": torch.zeros(1)}, tmp_path / "weights.safetensors")
    with pytest.raises(UsageError, match="holds the weights of another network than alexnet64"):
        load_plain(tmp_path / "weights.safetensors", scaffold(alexnet64(5)))


def test_folding_gives_the_plain_network_with_the_same_answers() -> None:
    torch.manual_seed(0)
    trained = scaffold(alexnet64(5))
    for _ in range(3):  # so that the running statistics are not the initial ones
        trained(torch.randn(8, 3, 64, 64) * 2 + 1)
    for layer in trained:
        if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.normal_(layer.bias)
    trained.eval()
    x = torch.randn(4, 3, 64, 64)
    with torch.inference_mode():
        wanted = trained(x)
        got = fold(trained, alexnet64(5))(x)
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def short_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[tiny.TinyImageNet, Path]:
    folder = tmp_path_factory.mktemp("train")
    source = tiny.TinyImageNet(make_set(folder))
    train(source.load("train"), source.load("val"), folder / "out", SMALL, device="cpu")
    return source, folder / "out"


def test_a_short_run_leaves_its_files(
    short_run: tuple[tiny.TinyImageNet, Path],
) -> None:
    _, out = short_run
    results = json.loads((out / "results.json").read_text())
    assert [row["epoch"] for row in results["curve"]] == [1, 2]
    assert [row["size"] for row in results["curve"]] == [32, 40]
    assert results["recipe"]["lr"] == 0.02
    assert results["data"] == {"train": 84, "held_out": 12, "validation": 24, "classes": 6}
    assert set(results["validation"]) == {"top1", "top5"}
    weights = load_file(out / "alexnet64.safetensors")
    assert {w.dtype for w in weights.values()} == {torch.float16}
    alexnet64(6).load_state_dict({k: v.float() for k, v in weights.items()})


def test_six_epochs_learn_colours(
    short_run: tuple[tiny.TinyImageNet, Path], tmp_path: Path
) -> None:
    source, _ = short_run
    recipe = SMALL.replaced(
        ["epochs=6", "lr=0.005", "mix=0", "grey=0", "solarise=0", "colour_jitter=0"]
    )
    train(source.load("train"), source.load("val"), tmp_path, recipe, device="cpu")
    curve = json.loads((tmp_path / "results.json").read_text())["curve"]
    assert curve[-1]["loss"] < 0.75 * curve[0]["loss"]


def test_a_step_follows_the_mean_gradient_of_the_shards(
    short_run: tuple[tiny.TinyImageNet, Path], tmp_path: Path
) -> None:
    """By PyTorch's plain SGD: the fused one takes gradients in the order of memory, whatever their
    strides are."""
    source, _ = short_run
    run = Run(source.load("train"), source.load("val"), tmp_path, SMALL, "cpu")
    plain = [torch.nn.Parameter(p.detach().clone().contiguous()) for p in run.net.parameters()]
    next(run.epoch())
    for parameter, *own in zip(plain, *(net.parameters() for net in run.shards), strict=True):
        parameter.grad = torch.stack([p.grad.contiguous() for p in own]).mean(0)
    decayed = [p for p in plain if p.ndim > 1]
    others = [p for p in plain if p.ndim == 1]
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": SMALL.weight_decay},
        {"params": others},
    ]
    torch.optim.SGD(
        groups, SMALL.lr_at(0), momentum=SMALL.momentum, nesterov=True, foreach=False
    ).step()
    for got, wanted in zip(run.net.parameters(), plain, strict=True):
        torch.testing.assert_close(got.detach(), wanted.detach(), rtol=1e-5, atol=1e-6)


def test_a_resumed_run_ends_where_the_whole_one_did(
    short_run: tuple[tiny.TinyImageNet, Path], tmp_path: Path
) -> None:
    """The first run is stopped in its second epoch; --resume repeats that epoch exactly."""
    source, whole = short_run
    data = source.load("train"), source.load("val")
    first = Run(*data, tmp_path, SMALL, "cpu")
    for _ in first.epoch():
        pass
    first.curve.append(json.loads((whole / "results.json").read_text())["curve"][0])
    first.save()
    next(first.epoch())  # a step that is lost
    train(*data, tmp_path, SMALL, resume=True, device="cpu")
    a, b = (load_file(f / "alexnet64.safetensors") for f in (whole, tmp_path))
    for name in a:
        assert torch.equal(a[name], b[name]), name


def test_a_run_goes_on_from_earlier_weights_and_learns_from_them(
    short_run: tuple[tiny.TinyImageNet, Path], tmp_path: Path
) -> None:
    source, out = short_run
    weights = out / "alexnet64.safetensors"
    recipe = dataclasses.replace(SMALL, epochs=1, sizes=((0, 64),), lr=1e-6, distil=0.5)
    results = train(
        source.load("train"),
        source.load("val"),
        tmp_path,
        recipe,
        device="cpu",
        teacher=weights,
        start=weights,
    )
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert results["origin"] == {"started_from": digest, "distilled_from": digest}
    before, after = (load_file(f / "alexnet64.safetensors") for f in (out, tmp_path))
    key = "classifier.fc8.weight"  # not changed by the normalisations' new statistics
    torch.testing.assert_close(before[key], after[key], rtol=0, atol=1e-3)


def test_resuming_with_another_recipe_is_refused(short_run: tuple[tiny.TinyImageNet, Path]) -> None:
    source, out = short_run
    with pytest.raises(tiny.DataError, match="has another recipe: start without --resume"):
        train(
            source.load("train"),
            source.load("val"),
            out,
            Recipe(lr=3.0),
            resume=True,
            device="cpu",
        )


@pytest.mark.parametrize("content", [b"junk", b"", b"\x80\x02N."])
def test_resuming_from_an_invalid_checkpoint_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(content)
    source = tiny.TinyImageNet(make_set(tmp_path, each=3))
    sets = source.load("train"), source.load("val")
    with pytest.raises(tiny.DataError, match="is no checkpoint of a training run, or damaged"):
        train(*sets, tmp_path, SMALL, resume=True, device="cpu")


def test_damaged_data_are_one_line(tmp_path: Path) -> None:
    root = make_set(tmp_path, classes=2, each=4)
    (root / "wnids.txt").write_text("n00000000")
    with pytest.raises(
        tiny.DataError, match=r"Tiny ImageNet with files missing or damaged \('n00000001'\)"
    ):
        start(root, tmp_path / "out")


def test_the_command_without_data_says_how_to_supply_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "model_export", "train", "--data", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith(
        f"error: {tmp_path / 'none'}: no such file or folder. Tiny ImageNet is"
    )
    assert "Traceback" not in done.stderr


@contextlib.contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[str]:
    """A server on 127.0.0.1 that gives every request the same answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tiny.zip"
    finally:
        server.shutdown()
        server.server_close()


def test_the_download_is_checked_and_kept(tmp_path: Path) -> None:
    body = io.BytesIO(b"x" * 3_000_000).getvalue()
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    path = tmp_path / "deep" / "tiny.zip"
    with answering(body) as url:
        assert download(path, url, md5) == path
    assert path.read_bytes() == body
    assert download(path, "http://127.0.0.1:1/", md5) == path  # no second request


def test_a_bad_download_says_how_to_supply_the_file(tmp_path: Path) -> None:
    with answering(b"x", 404) as url, pytest.raises(tiny.DataError) as error:
        download(tmp_path / "tiny.zip", url, timeout=5)
    assert "could not be downloaded (HTTP 404 Not Found)" in str(error.value)
    assert "or in the environment variable TINY_IMAGENET" in str(error.value)
    assert list(tmp_path.iterdir()) == []
