"""Signatures of ONNX files and lists of parts, each read by the programs made for them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from typer.testing import CliRunner, Result

from model_export.cli import app
from model_export.contract.samples import FOLDER
from tests.support.signing import keys, sign

NETWORK = FOLDER.parent / "alexnet64.onnx"


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A copy of the bundled network; its signature ``.sig`` and the key ``ours.pem`` beside it."""
    keys(tmp_path, "ours")
    file = tmp_path / "net.onnx"
    shutil.copyfile(NETWORK, file)
    sign(file, tmp_path / "ours.key")
    return file


def verify(file: Path, *options: str | Path) -> Result:
    signature = file.with_name("net.onnx.sig")
    command = ["verify", str(file), "--signature", str(signature), *map(str, options)]
    return CliRunner().invoke(app, command)


def test_a_signed_file_is_recognised_under_any_name(signed: Path) -> None:
    for name in ("net.onnx", "renamed.onnx"):
        file = signed.rename(signed.with_name(name))
        signed = file
        done = verify(file, "--public-key", signed.with_name("ours.pem"))
        assert done.exit_code == 0, done.stderr
        assert done.stdout.endswith(f"{file}: as signed\n")


def test_a_changed_file_and_another_key_are_told(signed: Path) -> None:
    other = keys(signed.parent, "other")
    done = verify(signed, "--public-key", other)
    assert done.exit_code == 1
    content = bytearray(signed.read_bytes())
    content[-1] ^= 1
    signed.write_bytes(content)
    done = verify(signed, "--public-key", signed.with_name("ours.pem"))
    assert done.exit_code == 1
    assert done.stderr.startswith(f"error: {signed}: the signature net.onnx.sig is not of this")


def test_a_signature_that_was_changed_is_told(signed: Path) -> None:
    signature = signed.with_name("net.onnx.sig")
    record = json.loads(signature.read_text())
    found = record["dsseEnvelope"]["signatures"][0]
    found["sig"] = ("B" if found["sig"][20] == "A" else "A").join(
        (found["sig"][:20], found["sig"][21:])
    )
    signature.write_text(json.dumps(record))
    done = verify(signed, "--public-key", signed.with_name("ours.pem"))
    assert done.exit_code == 1, done.stderr


@pytest.mark.parametrize(
    ("options", "wrong", "says"),
    [
        ((), None, "--signature needs --public-key FILE"),
        (("--identity", "someone"), None, "--signature needs --public-key FILE"),
        (("--identity", "someone", "--trust-config", "net.onnx.sig"), None, "not a trust config"),
        (("--public-key", "net.onnx.sig"), None, "not a public key"),
        (("--public-key", "none.pem"), None, "none.pem: No such file"),
        (("--public-key", "ours.pem"), "words", "not a signature"),
        (("--public-key", "ours.pem"), "[]", "not a signature"),
        (("--public-key", "ours.pem"), '{"verificationMaterial": 1}', "not a signature"),
    ],
)
def test_wrong_use_is_told(
    options: tuple[str, ...],
    wrong: str | None,
    says: str,
    signed: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(signed.parent)
    if wrong is not None:
        Path("net.onnx.sig").write_text(wrong)
    done = verify(Path("net.onnx"), *options)
    assert done.exit_code == 2, done.stderr
    assert says in done.stderr


def problems(bom: str) -> object:
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom)


def test_the_list_of_a_model_is_valid_cyclonedx() -> None:
    done = CliRunner().invoke(app, ["inspect", "--ml-bom", str(NETWORK)])
    assert done.exit_code == 0, done.stderr
    assert problems(done.stdout) is None
    made = json.loads(done.stdout)
    model = made["metadata"]["component"]
    card = json.loads(NETWORK.with_suffix(".json").read_text("utf-8"))
    assert model["name"] == card["name"]
    (weights,) = (part for part in made["components"] if part["type"] == "file")
    assert weights["hashes"][0]["content"] == card["weights"]["sha256"]
    sha256 = subprocess.check_output(["sha256sum", NETWORK], text=True).split()[0]
    assert model["hashes"][0]["content"] == sha256
    assert problems(done.stdout.replace('"machine-learning-model"', '"machine"')) is not None


def test_a_file_without_a_card_has_no_list() -> None:
    file = FOLDER.parents[3] / "demo" / "runtime" / "tiny.onnx"
    done = CliRunner().invoke(app, ["inspect", "--ml-bom", str(file)])
    assert done.exit_code == 2
    assert "tiny.onnx: " in done.stderr
