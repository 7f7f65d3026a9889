"""How far an import is: rows, rate, time left."""

from __future__ import annotations

import pytest

from services.stream.importing.progress import Progress


@pytest.mark.parametrize(
    ("done", "seconds", "line"),
    [
        (0, 0.0, "0 of about 1,000,000 rows (0 %), 0 rows/s"),
        (
            *(250_000, 10.0),
            "250,000 of about 1,000,000 rows (25 %), 20,000 rows/s, about 38 s left",
        ),
        (
            60_000,
            10.0,
            "60,000 of about 1,000,000 rows (6 %), 1,000 rows/s, about 15 min 40 s left",
        ),
        (50_100, 10.0, "50,100 of about 1,000,000 rows (5 %), 10 rows/s, about 26 h 23 min left"),
        (
            *(1_200_000, 10.0),
            "1,200,000 of about 1,000,000 rows (99 %), 115,000 rows/s, about 0 s left",
        ),
    ],
)
def test_says_how_far_it_is(done: int, seconds: float, line: str) -> None:
    begun = 50_000 if done else 0

    assert Progress(begun, 1_000_000).line(done, seconds) == line
