"""The theme's templates, compiled once: every build of `mkdocs serve` starts with a fresh Jinja."""

from __future__ import annotations

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_compiled: dict[str, bytes] = {}  # by the template; Jinja compares the source's checksum within


class Compiled(BytecodeCache):
    """Keeps the compiled templates in memory, whichever environment asks for them."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, where this very template was compiled before."""
        if (code := _compiled.get(bucket.key)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        _compiled[bucket.key] = bucket.bytecode_to_string()
