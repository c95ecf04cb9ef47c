"""How far an evaluation is, where its messages go to a file."""

from __future__ import annotations

import pytest

from demo.evaluation.progress import progress


def test_lines_of_progress_where_no_terminal_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a minute apart, by a clock of the test's own."""
    clock = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    with progress(2000) as advance:
        for count, after in ((100, 10), (500, 31), (600, 32), (1950, 65), (2000, 66)):
            clock[0] = 1000.0 + after
            advance(count, "error 50.0 % top-1, 20.0 % top-5")
    assert capsys.readouterr().err.splitlines() == [
        "500 of 2,000 pictures, error 50.0 % top-1, 20.0 % top-5, about 2 min left",
        "1,950 of 2,000 pictures, error 50.0 % top-1, 20.0 % top-5, about 2 s left",
    ]
