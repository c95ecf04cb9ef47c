"""A crowd at the server, for a few seconds; `tests/serve_load.py` tells of the full minute."""

from __future__ import annotations

from pathlib import Path

from tests.support.serve_load import memory, run_crowd, server_process


def test_a_crowd_is_answered_rightly_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """What a shared machine cannot disturb: right answers, no crash, no growth without end."""
    with server_process(tmp_path) as (process, port):
        run_crowd(port, 3, 1)
        before = memory(process.pid)
        found = run_crowd(port, 5, 2)
        after = memory(process.pid)
        assert process.poll() is None
    assert found.wrong == []
    assert found.right > 20
    assert set(found.statuses) <= {200, 400, 503}
    if before and after:
        assert after < before + 60e6
