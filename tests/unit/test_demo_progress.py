"""How far an evaluation is, where its messages go to a file."""

from __future__ import annotations

import pytest

from demo.evaluation.progress import progress


def test_lines_of_progress_where_no_terminal_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a minute apart, by a clock of the test's own; 400 of the pictures were there before."""
    clock = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    with progress(2400, 400) as advance:
        for count, after in ((500, 10), (900, 31), (1000, 32), (2350, 65), (2400, 66)):
            clock[0] = 1000.0 + after
            advance(count, "error 50.0 % top-1, 20.0 % top-5")
    assert capsys.readouterr().err.splitlines() == [
        "900 of 2,400 pictures, error 50.0 % top-1, 20.0 % top-5, about 2 min left",
        "2,350 of 2,400 pictures, error 50.0 % top-1, 20.0 % top-5, about 2 s left",
    ]
