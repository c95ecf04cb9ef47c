"""Keys and signatures, made by the libraries that `model_export` checks them with."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from model_signing import signing


def keys(folder: Path, name: str) -> Path:
    """A new pair of keys in ``folder``: NAME.key and NAME.pem, which is returned."""
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public = folder / f"{name}.pem"
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return public


def sign(file: Path, key: Path) -> None:
    """Write the signature of a file beside it, as FILE.sig."""
    config = signing.Config().use_elliptic_key_signer(private_key=key)
    config.sign(file, file.with_name(f"{file.name}.sig"))
