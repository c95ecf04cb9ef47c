"""The load test for a few seconds; `make load` runs the full minute."""

from __future__ import annotations

from pathlib import Path

from tests.support.serve_load import memory, run_crowd, server_process


def test_a_crowd_is_answered_rightly_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Right answers, no crash, no growth without end, however slow the machine is."""
    with server_process(tmp_path) as (process, port):
        run_crowd(port, 3, 1)
        before = memory(process.pid)
        found = run_crowd(port, 5, 2)
        after = memory(process.pid)
        assert process.poll() is None
    assert found.wrong == []
    assert found.right > 0
    assert set(found.statuses) <= {0, 200, 400, 413, 503, 504}
    assert after < before + 100e6
