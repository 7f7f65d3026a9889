"""When a condition holds, and what is told of it."""

from __future__ import annotations

import pytest

from services.alerts.rules.bars import Bar
from services.alerts.rules.conditions import Change, Condition, Crosses, Gap, Lies, Volume
from tests.unit.alerts.bars import bar


def closes(*values: float) -> list[Bar]:
    return [bar(minute, value) for minute, value in enumerate(values)]


def places(condition: Condition, bars: list[Bar]) -> list[int]:
    return [place for place in range(len(bars)) if condition.holds(bars, place) is not None]


@pytest.mark.parametrize(
    ("condition", "bars", "wanted"),
    [
        (Crosses("close", 3.0, "up"), closes(4, 3, 4, 2, 5, 5), [2, 4]),
        (Crosses("close", 3.0, "down"), closes(4, 3, 2, 3, 2, 4), [2, 4]),
        (Crosses("close", 3.0), closes(2, 4, 2), [1, 2]),
        (Crosses("close", 300.1, "up"), closes(300.1, 300.1, 300.11), [2]),
        (Lies("close", "above", 3.0), closes(3, 4, 5), [1, 2]),
        (Lies("close", "below", "open"), [bar(0, 3, open=4), bar(1, 4, open=3)], [0]),
        (Change(10, 2), closes(100, 105, 110, 94, 99.1), [2, 3]),
        (Change(10, 2, "down"), closes(100, 105, 110, 94), [3]),
        (Change(10, 1), closes(0, 5), []),
        (Gap(1), [*closes(*[100] * 5), bar(5, 110, open=101), bar(6, 120, open=120)], [5]),
        (Gap(1, "down"), [*closes(*[100] * 5), bar(5, 110, open=101)], []),
        (Volume(2, 3), [bar(n, 1, volume=v) for n, v in enumerate((10, 20, 30, 40, 39))], [3]),
        (Volume(2, 3), [bar(n, 1, volume=v) for n, v in enumerate((0, 0, 0, 40))], []),
        (Volume(2, 2), [bar(0, 1, volume=None), bar(1, 1), bar(2, 1, volume=900)], []),
        (Crosses("rsi_14", 30.0), [bar(0, 1, rsi_14=30.0), bar(1, 1, rsi_14=31.0)], [1]),
        (Crosses("rsi_14", 30.0), [bar(0, 1, rsi_14=None), bar(1, 1, rsi_14=31.0)], []),
        (Crosses("close", "sma_20"), [bar(0, 1, sma_20=2.0), bar(1, 3, sma_20=2.0)], [1]),
        (Lies("rsi_14", "above", 30.0), closes(1, 2), []),
    ],
)
def test_when_it_holds(condition: Condition, bars: list[Bar], wanted: list[int]) -> None:
    assert places(condition, bars) == wanted


@pytest.mark.parametrize(
    ("condition", "bars", "sentence"),
    [
        (Crosses("close", 300.0), closes(299, 301.25), "close 301.25 came to lie above 300"),
        (
            Crosses("close", "sma_20"),
            [bar(0, 3, sma_20=2.0), bar(1, 1, sma_20=2.5)],
            "close 1 came to lie below sma_20 2.5",
        ),
        (Lies("close", "above", 3.0), closes(2, 4), "close 4 lies above 3"),
        (Change(5, 1), closes(100, 90), "close moved -10 % in 1 bars, from 100 to 90"),
        (
            Gap(1),
            [*closes(*[100] * 5), bar(5, 110, open=102)],
            "opened +2 % from the close before, at 102 after 100",
        ),
        (
            Volume(2, 1),
            [bar(0, 1, volume=100), bar(1, 1, volume=250)],
            "volume 250 is 2.5 times the mean of the 1 bars before",
        ),
    ],
)
def test_what_is_told_of_it(condition: Condition, bars: list[Bar], sentence: str) -> None:
    figures = condition.holds(bars, len(bars) - 1)
    assert figures is not None
    assert condition.sentence(figures) == sentence
