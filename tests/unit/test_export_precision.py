"""Lower precisions: what is stored, how far it is from fp32, and the quantisers' own arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from model_export import export
from model_export.contract.card import Evaluation, Interval, Label, ModelCard
from model_export.contract.errors import EnvironmentLacks, UsageError
from model_export.contract.labels import tiny_imagenet
from model_export.contract.preprocessing import preprocess
from model_export.contract.tolerances import BUNDLED, TOLERANCES, Difference, beyond
from model_export.errors import ExportError
from model_export.exporter import Report
from model_export.forms import precision
from model_export.forms.calibration import calibration_batch, corners, sample
from model_export.forms.precision import reduce
from model_export.forms.quantise import per_block, per_channel
from model_export.inspection import inspect
from model_export.networks import ALEXNET64
from model_export.proof import accuracy
from model_export.proof.parity import compare, onnx_logits, sample_batch
from model_export.proof.verify import verify
from tests.support.export_command import command

ROOT = Path(__file__).parents[2]
# Greatest size as a share of fp32's, greatest relative L2 from it, least top-5 agreement.
BOUNDS = {"fp16": (0.502, 1e-6, 1.0), "int8": (0.26, 0.03, 0.8), "int4": (0.2, 0.06, 0.7)}


@pytest.fixture(scope="module", params=BOUNDS)
def reduced(request: pytest.FixtureRequest, forms: Callable[..., Report]) -> Report:
    return forms(request.param)


def test_the_file_is_small_and_near_fp32(reduced: Report, exported: Report) -> None:
    card = reduced.card
    share, rel_l2, top5 = BOUNDS[card.precision]
    assert reduced.size <= share * exported.size
    batch = sample_batch(card.input)
    found = compare(onnx_logits(reduced.file, batch), onnx_logits(exported.file, batch))
    assert card.distance
    assert (card.distance.rel_l2, card.distance.top5_agreement) == (found.rel_l2, found.top5)
    assert found.rel_l2 <= rel_l2
    assert found.top5 >= top5
    assert card.accuracy == ()  # what was measured, was measured on fp32
    assert card.labels == exported.card.labels
    assert ModelCard.from_json(reduced.card_file.read_text("utf-8")) == card
    assert reduced.distance_line.startswith(f"{card.precision}: {card.distance.how}; ")


def test_every_layer_is_stored_in_the_precision_asked_for(reduced: Report) -> None:
    found = inspect(reduced.file)
    fully_connected = {"fp16": "fp16", "int8": "int8", "int4": "int4"}[reduced.card.precision]
    convolution = {"fp16": "fp16", "int8": "int8", "int4": "int8"}[reduced.card.precision]
    assert [row["stored"] for row in found["layers"]] == [convolution] * 5 + [fully_connected] * 3
    assert found["multiply_adds"] == ALEXNET64.multiply_adds
    model = onnx.load(reduced.file)
    onnx.checker.check_model(model, full_check=True)
    assert found["opset"] == reduced.card.opset == model.opset_import[0].version <= 21
    assert model.ir_version <= 10  # ONNX Runtime 1.20 reads it
    assert {entry.domain for entry in model.opset_import} <= {"", "ai.onnx"}


def test_it_is_verified_with_the_original_weights(reduced: Report) -> None:
    text = list(verify(reduced.file))
    assert "against PyTorch float64 with alexnet64.safetensors" in text[-1]


def test_two_exports_are_byte_identical(forms: Callable[..., Report], tmp_path: Path) -> None:
    """In int8: it is made from the fp32 file, and measures its ranges as well."""
    again, first = export(tmp_path / "b.onnx", precision="int8"), forms("int8")
    assert again.file.read_bytes() == first.file.read_bytes()
    assert again.card_file.read_bytes() == first.card_file.read_bytes()


def test_channels_have_their_own_scales() -> None:
    weight = np.random.default_rng(0).standard_normal((4, 3, 5, 5), np.float32)
    weight[1] *= 1000
    weight[2] = 0
    values, scale = per_channel(weight)
    assert np.abs(values.reshape(4, -1)).max(1).tolist() == [127, 127, 0, 127]
    back = values * scale[:, None, None, None]
    assert (np.abs(back - weight).reshape(4, -1).max(1) <= scale / 2 * 1.001).all()


def test_blocks_use_all_sixteen_levels() -> None:
    weight = np.random.default_rng(0).standard_normal((6, 128), np.float32)
    weight[3, :32] = 0
    values, scale = per_block(weight)
    assert (scale.shape, values.min(), values.max()) == ((6, 4), -8, 7)
    blocks = weight.reshape(6, 4, 32)
    back = values.reshape(6, 4, 32) * scale[..., None]
    # Half a step, or a whole one at the end of which there is no eighth level.
    assert (np.abs(back - blocks) <= np.abs(scale[..., None]) * 1.001).all()
    assert (np.abs(back - blocks) <= np.abs(scale[..., None]) * 0.501).mean() > 0.95
    assert not values.reshape(6, 4, 32)[3, 0].any()


def test_what_was_left_as_it_was_is_refused(
    exported: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "blocks", lambda model, _block: model)
    with pytest.raises(ExportError) as error:
        reduce(exported.file, "int4")
    assert str(error.value) == "int4: features.conv1 (Conv) is still fp32, nothing written"


def test_int8_calibrates_on_a_users_folder(tmp_path: Path) -> None:
    folder = tmp_path / "pictures" / "deep"
    folder.mkdir(parents=True)
    samples = sorted((ROOT / "demo" / "samples").glob("*.jpg"))[:8]
    for photograph in samples:  # other files than the default's: smaller, and without loss
        with Image.open(photograph) as picture:
            picture.reduce(2).save(folder / f"{photograph.stem}.png")
    output = tmp_path / "new" / "a.onnx"
    done = command("--precision", "int8", "--calibrate", folder.parent, "-o", output)
    assert (done.returncode, done.stderr) == (0, "")
    assert "int8: weights and activations in int8, static, calibrated on 8 inputs; " in done.stdout
    assert {path.name for path in output.parent.iterdir()} == {"a.onnx", "a.json"}
    card = ModelCard.from_json(output.with_suffix(".json").read_text("utf-8"))
    assert card.precision == "int8"
    on = card.calibration
    assert on
    assert (on.name, on.pictures) == ("pictures", 8)
    assert on.files == tuple(f"deep/{photograph.stem}.png" for photograph in samples)
    assert str(tmp_path) not in card.to_json()
    _, again = calibration_batch(ALEXNET64.input, folder.parent)
    assert again == on
    (folder / f"{samples[0].stem}.png").write_bytes(
        (folder / f"{samples[1].stem}.png").read_bytes()
    )
    _, other = calibration_batch(ALEXNET64.input, folder.parent)
    assert other.sha256 != on.sha256


def test_the_bundled_set_is_named_in_the_card() -> None:
    batch, data = calibration_batch(ALEXNET64.input, None)
    assert data.name == "demo/samples, the four corners of each"
    assert data.files == tuple(sorted(p.name for p in (ROOT / "demo" / "samples").glob("*.jpg")))
    assert len(batch) == data.pictures == 4 * len(data.files)
    proof = sample_batch(ALEXNET64.input)
    # No input serves both the ranges and the proof.
    assert not any((one == other).all() for one in batch for other in proof)


def test_the_corners_are_the_pictures() -> None:
    image = Image.linear_gradient("L").resize((400, 200)).convert("RGB")
    views = list(corners(image, ALEXNET64.input))
    whole = np.asarray(image.resize((160, 80), Image.Resampling.BILINEAR))
    for view, (left, top) in zip(views, [(0, 0), (0, 16), (96, 0), (96, 16)], strict=True):
        np.testing.assert_array_equal(np.asarray(view), whole[top : top + 64, left : left + 64])


def test_the_ranges_are_those_of_the_pictures(reduced: Report, tmp_path: Path) -> None:
    """int8 alone measures: on grey pictures the input's scale is another."""
    if reduced.card.precision != "int8":
        assert reduced.card.calibration is None
        return
    assert reduced.card.calibration
    scales = {
        t.name: onnx.numpy_helper.to_array(t)
        for t in onnx.load(reduced.file).graph.initializer
        if t.name.endswith("_scale")
    }
    batch, _ = calibration_batch(ALEXNET64.input, None)
    spread = max(0, float(batch.max())) - min(0, float(batch.min()))
    assert float(scales["image_scale"]) == pytest.approx(spread / 255, rel=1e-5)


def damaged(report: Report, file: Path, change: Callable[[onnx.ModelProto], None]) -> Path:
    model = onnx.load(report.file)
    change(model)
    onnx.save(model, file)
    return file


def half_of_a_layer(model: onnx.ModelProto) -> None:
    """Every second filter of conv3 at zero."""
    name = next(
        t.name
        for t in model.graph.initializer
        if t.name.startswith("features.conv3.weight") and len(t.dims) == 4
    )
    tensor = next(t for t in model.graph.initializer if t.name == name)
    values = onnx.numpy_helper.to_array(tensor).copy()
    values[::2] = 0
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, name))


def a_scale(model: onnx.ModelProto) -> None:
    """The scales of fc7 doubled."""
    tensor = next(
        t
        for t in model.graph.initializer
        if t.name in ("classifier.fc7.weight_scale", "classifier.fc7.weight.scale")
    )
    values = 2 * onnx.numpy_helper.to_array(tensor)
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))


@pytest.mark.parametrize("change", [half_of_a_layer, a_scale])
@pytest.mark.parametrize("kind", ["int8", "int4"])  # whose bounds are wide
def test_a_damaged_file_is_not_verified(
    forms: Callable[..., Report],
    kind: str,
    tmp_path: Path,
    change: Callable[[onnx.ModelProto], None],
) -> None:
    file = damaged(forms(kind), tmp_path / "x.onnx", change)
    with pytest.raises(ExportError, match=r"x\.onnx: changed since .* differs from PyTorch: max "):
        list(verify(file))


@pytest.mark.parametrize("bundled", [False, True])
def test_each_bound_is_a_bound(reduced: Report, bundled: bool) -> None:
    """The measured file is inside; a distance, or an agreement, beyond the table is reported."""
    kind, cpu = reduced.card.precision, "CPUExecutionProvider"
    limit = (BUNDLED if bundled else TOLERANCES)[kind, cpu]
    assert reduced.card.parity.rel_l2 <= limit.rel_l2 / (1.5 if bundled else 2.5)
    assert reduced.card.parity.top5_agreement >= limit.top5 > 0
    for wrong in (
        Difference(0.1, 1.01 * limit.rel_l2, 1.0, 1.0),
        Difference(0.1, 0.0, limit.top1 - 0.01, 1.0),
        Difference(0.1, 0.0, 1.0, limit.top5 - 0.01),
        Difference(float("nan"), float("nan"), 1.0, 1.0),
    ):
        assert beyond(kind, cpu, wrong, bundled)[0]
    assert not beyond(kind, cpu, Difference(0.0, 0.0, 1.0, 1.0), bundled)[0]


def test_the_bundled_weights_are_held_to_more(forms: Callable[[str], Report]) -> None:
    """What random weights may show in int4, and trained ones never do."""
    report = forms("int4")
    assert "(at least 50%)" in list(verify(report.file))[-1]
    guessed = Difference(0.1, 0.1, 1.0, 0.1)
    assert not beyond("int4", "CPUExecutionProvider", guessed)[0]
    assert beyond("int4", "CPUExecutionProvider", guessed, bundled=True)[0]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pictures of noise as Tiny ImageNet's validation set, under true classes."""
    root = tmp_path_factory.mktemp("set")
    (root / "val" / "images").mkdir(parents=True)
    wnids = [str(label.wnid) for label in tiny_imagenet()[:3]]
    rows = []
    for i in range(6):
        Image.effect_noise((64, 64), 20 + 15 * i).convert("RGB").save(
            root / "val" / "images" / f"{i}.JPEG"
        )
        rows.append(f"{i}.JPEG\t{wnids[i % 3]}\t0\t0\t63\t63")
    (root / "wnids.txt").write_text("\n".join(wnids))
    (root / "val" / "val_annotations.txt").write_text("\n".join(rows))
    return root


def test_accuracy_is_counted_beside_fp32(
    pictures: Path,
    exported: Report,
    forms: Callable[..., Report],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = forms("fp16")
    found = accuracy.evaluate(
        exported.file, report.file, report.card.input, report.card.labels, pictures
    )
    names = [f"{i}.JPEG" for i in range(6)]
    rule = report.card.input
    batch = np.stack([preprocess(Image.open(pictures / "val" / "images" / n), rule) for n in names])
    best = np.argsort(-onnx_logits(exported.file, batch), kind="stable")[:, :5]
    truth = np.arange(6)[:, None] % 3
    assert found.count == 6
    assert found.fp32_top1 == found.top1 == accuracy.interval(int((best[:, :1] == truth).sum()), 6)
    assert found.fp32_top5 == found.top5 == accuracy.interval(int((best == truth).sum()), 6)
    said = accuracy.line("fp16", found)
    assert said.startswith(
        "accuracy over 6 pictures (Tiny ImageNet, validation), 95 % interval: fp16 top-1 "
    )

    worse = Evaluation(
        found.dataset, 6, Interval(30, 0, 50), found.top5, Interval(30.5, 1, 50), found.top5
    )
    monkeypatch.setattr(accuracy, "evaluate", lambda *_: worse)
    with pytest.raises(ExportError) as error:
        export(tmp_path / "b.onnx", precision="fp16", evaluate=pictures)
    assert str(error.value) == (
        "fp16 loses 0.50 points of top-1 accuracy (fp32 30.50 %, fp16 30.00 % of 6 pictures), and 0.05 "
        "is the most; nothing written. --allow-loss writes it all the same"
    )
    assert not (tmp_path / "b.onnx").exists()
    allowed = export(tmp_path / "b.onnx", precision="fp16", evaluate=pictures, allow_loss=True)
    assert allowed.card.evaluation == worse


def test_the_interval_is_wilsons() -> None:
    assert accuracy.interval(5, 10) == Interval(50.0, 23.66, 76.34)
    assert accuracy.interval(0, 10).low == 0


def test_data_that_does_not_fit(tmp_path: Path, pictures: Path) -> None:
    for data, end in (
        (tmp_path, "this is neither"),
        (tmp_path / "none", "there is no such file or folder"),
    ):
        with pytest.raises(EnvironmentLacks) as lack:
            accuracy.evaluate(Path(), Path(), ALEXNET64.input, tiny_imagenet(), data)
        assert (
            str(lack.value)
            == f"{data}: --evaluate takes Tiny ImageNet's folder or zip, or a folder that has a "
            f"folder of JPEG or PNG pictures for each class; {end}"
        )
    with pytest.raises(UsageError, match=r"is not one of the network's 2 classes \(a, b, \.\.\.\)"):
        accuracy.evaluate(Path(), Path(), ALEXNET64.input, (Label("a"), Label("b")), pictures)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"precision": "int8", "network": "bvlc"}, "int8 measures its ranges on pictures like those that the network will see: name a folder of them with --calibrate FOLDER (a hundred will do)"),
        ({"precision": "int4", "calibrate": Path("x")}, "--calibrate is for int8, and the precision is int4"),
        ({"precision": "int8", "calibrate": Path("none")}, "none: no folder with JPEG or PNG pictures to calibrate on"),
    ],
)  # fmt: skip
def test_wrong_use(tmp_path: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as error:
        export(tmp_path / "a.onnx", **arguments)  # type: ignore[arg-type]
    assert str(error.value) == message


def test_the_choice_among_many_pictures_is_random_across_classes() -> None:
    files = [Path(f"a/{i:04}.jpg") for i in range(600)] + [Path(f"b/{i}.jpg") for i in range(20)]
    chosen = sample(files, 0)
    assert len(set(chosen)) == len(chosen) == 512
    assert {file for file in chosen if file.parent.name == "b"} == set(files[600:])
    assert sample(files, 0) == chosen != sample(files, 1)
    assert sample(files[:300], 0) == files[:300]  # few enough: all of them


def test_accuracy_on_a_users_folder(exported: Report, tmp_path: Path) -> None:
    labels = tiny_imagenet()
    names = (labels[0].name, str(labels[1].wnid))  # by name, or by WordNet id
    photographs = sorted((ROOT / "demo" / "samples").glob("*.jpg"))
    for i, photograph in enumerate(photographs):
        folder = tmp_path / "val" / names[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / photograph.name).write_bytes(photograph.read_bytes())
    found = accuracy.evaluate(
        exported.file, exported.file, ALEXNET64.input, labels, tmp_path / "val"
    )
    assert found.dataset == "val, 2 folders of pictures"
    best = np.argsort(-onnx_logits(exported.file, sample_batch(ALEXNET64.input)))[:, :5]
    truth = np.arange(len(photographs))[:, None] % 2
    assert found.top5 == accuracy.interval(int((best == truth).sum()), len(photographs))
    (tmp_path / "val" / "unicorn").mkdir()
    (tmp_path / "val" / "unicorn" / "a.png").write_bytes(b"")
    with pytest.raises(UsageError, match="unicorn is not one of the network's 200 classes"):
        accuracy.opened(labels, tmp_path / "val")


def test_an_invalid_picture(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(UsageError, match=r"a\.jpg: cannot be read as a picture \("):
        export(tmp_path / "a.onnx", precision="int8", calibrate=tmp_path)
