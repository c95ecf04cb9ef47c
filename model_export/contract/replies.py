"""Standard output for a process that answers another: its replies, and nothing else."""

from __future__ import annotations

import os
from typing import IO


def take_replies() -> IO[bytes]:
    """Standard output for the replies alone: what libraries print goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies
