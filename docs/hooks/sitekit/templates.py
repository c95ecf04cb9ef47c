"""The theme's templates, compiled once: every build of `mkdocs serve` starts with a fresh Jinja."""

from __future__ import annotations

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_compiled: dict[str, bytes] = {}  # by a checksum of the template's name and of its source


class Compiled(BytecodeCache):
    """Keeps the compiled templates in memory, whichever environment asks for them."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, where this very template was compiled before."""
        if (code := _compiled.get(f"{bucket.key} {bucket.checksum}")) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        _compiled[f"{bucket.key} {bucket.checksum}"] = bucket.bytecode_to_string()
