"""When a condition holds, and what is told of it."""

from __future__ import annotations

import pytest

from services.alerts.rules.anomalies import StandsOut
from services.alerts.rules.bars import Anomaly, Bar
from services.alerts.rules.conditions import (
    Change,
    ChangeOver,
    Condition,
    Crosses,
    Gap,
    Lies,
    Volume,
    duration,
)
from services.alerts.rules.patterns import Pattern
from tests.unit.alerts.bars import bar


def closes(*values: float) -> list[Bar]:
    return [bar(minute, value) for minute, value in enumerate(values)]


def candles(*prices: tuple[float, float, float, float]) -> list[Bar]:
    """Return bars of (open, high, low, close), after ten from 100 to 110 with a body of 5."""
    usual = [(102.0, 110.0, 100.0, 107.0)] * 10
    return [
        bar(minute, closed, open=opened)._replace(high=high, low=low)
        for minute, (opened, high, low, closed) in enumerate([*usual, *prices])
    ]


ODD = bar(0, 1)._replace(anomalies={"price": Anomaly(2, -3.5, -4.25)})


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
        # By the time of bars, whether or not there is one at each minute.
        (ChangeOver(10, 120, 3), closes(100, 105, 110, 94, 99.1), [2, 3]),
        (ChangeOver(10, 120, 3), [bar(0, 100), bar(1, 105), bar(5, 110), bar(6, 94)], [3]),
        (ChangeOver(10, 150, 4), closes(100, 105, 107, 111), [3]),
        (ChangeOver(10, 120, 3, "up"), [bar(0, 100), bar(9, 89)], []),
        # A body of 1 is a tenth of the usual range, to the digit.
        (Pattern("doji"), candles((102.1, 110, 100, 103.1)), [10]),
        (Pattern("doji"), candles((102.1, 110, 100, 103.2)), []),
        (Pattern("doji"), candles((102, 110, 100, 103))[1:], []),
        (Pattern("hammer"), candles((105, 107, 99, 106), (100, 102, 95, 101.5)), [11]),
        (Pattern("shooting_star"), candles((105, 107, 99, 106), (107, 115, 106.5, 108)), [11]),
        (Pattern("bullish_engulfing"), candles((104, 105, 101, 102), (101, 106, 100, 105)), [11]),
        (Pattern("bearish_engulfing"), candles((103, 105, 101, 104), (105, 106, 100, 102)), [11]),
        (
            Pattern("three_white_soldiers"),
            candles((100, 106, 99, 106), (104, 111, 103, 111), (109, 116, 108, 116)),
            [12],
        ),
        (
            Pattern("three_black_crows"),
            candles(
                (102, 108, 101, 107), (106, 107, 101, 101), (104, 105, 97, 97), (100, 101, 93, 93)
            ),
            [13],
        ),
        (StandsOut("price"), [ODD], [0]),
        (StandsOut("price", 2), [ODD], [0]),
        (StandsOut("price", 3), [ODD], []),
        (StandsOut("volume"), [ODD], []),
        (StandsOut("price"), closes(1), []),
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
        (
            ChangeOver(5, 120, 3),
            [bar(0, 100), bar(2, 90)],
            "close moved -10 % in 2min, from 100 to 90",
        ),
        (Pattern("doji"), candles((102, 110, 100, 102.5)), "a doji at 102.5"),
        (
            StandsOut("price"),
            [ODD],
            "the price moved -3.5 %, -4.2 deviations of what is usual (medium anomaly)",
        ),
    ],
)
def test_what_is_told_of_it(condition: Condition, bars: list[Bar], sentence: str) -> None:
    figures = condition.holds(bars, len(bars) - 1)
    assert figures is not None
    assert condition.sentence(figures) == sentence


def test_durations_are_told_as_people_write_them() -> None:
    assert [duration(seconds) for seconds in (90, 900, 7200, 172_800)] == [
        "90s", "15min", "2h", "2d"
    ]  # fmt: skip
