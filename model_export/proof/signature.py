"""``verify --signature``: whether a file is the one that was signed, without a network.

Signatures have the form of OpenSSF's `model-signing`. Whoever holds the private key signs with
``model_signing sign key FILE --private-key KEY --signature FILE.sig``.
"""

from __future__ import annotations

import json
from pathlib import Path

from model_export.contract.errors import UsageError
from model_export.errors import ExportError

GITHUB = "https://token.actions.githubusercontent.com"
"""Who vouches for the identity of a release workflow."""


def check(
    path: Path,
    signature: Path,
    key: Path | None = None,
    identity: str | None = None,
    trust: Path | None = None,
) -> str:
    """Check a signature; a line that says who signed.

    Args:
        path: the file.
        signature: of it.
        key: the public key of the signer, as PEM.
        identity: in place of a key, the release workflow that signed.
        trust: Sigstore's trust configuration, which ``identity`` needs.

    Raises:
        ExportError: the file is another one than was signed, or another key or identity signed it.
        UsageError: the signature, the key or the configuration is not one, or not given.
    """
    from cryptography.exceptions import InvalidSignature
    from model_signing import verifying
    from sigstore.errors import Error as SigstoreError

    unreadable = UsageError(f"{signature}: not a signature of model-signing")
    try:
        json.loads(signature.read_bytes())
    except ValueError:
        raise unreadable from None
    config = verifying.Config()  # type: ignore[no-untyped-call]
    if key:
        try:
            config.use_elliptic_key_verifier(public_key=key)
        except ValueError:
            raise UsageError(
                f"{key}: not a public key; an elliptic-curve key as PEM is needed"
            ) from None
    elif identity and trust:
        try:
            config.use_sigstore_verifier(identity=identity, oidc_issuer=GITHUB, trust_config=trust)
        except (ValueError, SigstoreError):
            raise UsageError(f"{trust}: not a trust configuration of Sigstore") from None
    else:
        raise UsageError(
            "--signature needs --public-key FILE, or --identity WORKFLOW and --trust-config FILE"
        )
    try:
        config.verify(path, signature)
    except (ValueError, InvalidSignature, SigstoreError):
        raise ExportError(
            f"{path}: the signature {signature.name} is not of this file by {key or identity}: "
            "the file was changed, or somebody else signed it; download both again"
        ) from None
    except (AttributeError, LookupError, TypeError):  # JSON, and not of this form
        raise unreadable from None
    return f"signature: by {key or identity}"
