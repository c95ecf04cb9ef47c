"""A folder of output files: only what differs is written, and what is stale is removed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


class Folder:
    """Collects the files of one build."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: set[str] = set()

    def add(self, name: str, content: str | bytes | Path) -> None:
        """Write a file, or copy one; unchanged files keep their time.

        Args:
            name: below the folder; the first file of a name stays.
            content: what to write, or the file to copy.
        """
        if name in self.names:
            return
        self.names.add(name)
        target = self.path / name
        if isinstance(content, Path):
            mine, theirs = (_stat(target), _stat(content))
            if mine != theirs:
                self._replace(target, content.read_bytes())
                shutil.copystat(content, target)
            return
        data = content.encode() if isinstance(content, str) else content
        if not target.is_file() or target.read_bytes() != data:
            self._replace(target, data)

    def _replace(self, target: Path, data: bytes) -> None:
        """Atomic write: temporary file, then rename."""
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        os.replace(name, target)

    def finish(self) -> None:
        """Remove what an earlier build left."""
        for path in sorted(self.path.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(self.path).as_posix() not in self.names:
                path.unlink()


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns
