"""The simulated market: always the same, consistent over intervals, forming and revised."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.simulator.market.bars import PrintedBar, SimulatedBars
from services.simulator.market.trading_sessions import EASTERN, Sessions
from tests.unit.simulator.fakes import utc

NOON = utc("2026-11-20T17:30:25")  # 12:30:25 in New York
NOW_LATE = utc("2026-11-22T12:00:00")

GOLDEN = [
    PrintedBar("2026-11-20 12:30:00", "30.5900", "30.5900", "30.5900", "30.5900", "1041"),
    PrintedBar("2026-11-20 12:29:00", "30.6300", "30.6300", "30.6000", "30.6000", "6528"),
    PrintedBar("2026-11-20 12:28:00", "30.6300", "30.6300", "30.6300", "30.6300", "772"),
]
"""Pinned: who records the simulator's answers must meet the same market after an update."""

symbols = st.sampled_from(["AAPL", "TSLA", "LOAD0042", "BRK-B"])
instants = st.datetimes(datetime(2004, 1, 5), datetime(2026, 11, 20)).map(  # noqa: DTZ001
    lambda local: local.replace(tzinfo=EASTERN)
)


@pytest.fixture(scope="module")
def bars(sessions: Sessions) -> SimulatedBars:
    return SimulatedBars(1, sessions)


def minutes(bars: SimulatedBars, now: datetime, symbol: str = "AAPL") -> dict[str, PrintedBar]:
    """The one-minute bars of the newest two days or so, by their start."""
    return {bar.time: bar for bar in islice(bars.intraday(symbol, 1, True, None, now), 1500)}


def test_the_same_seed_gives_the_same_bars(sessions: Sessions) -> None:
    def served(seed: int) -> list[PrintedBar]:
        return list(islice(SimulatedBars(seed, sessions).intraday("AAPL", 1, True, None, NOON), 3))

    assert served(1) == GOLDEN
    assert served(2) != GOLDEN


def test_symbols_differ(bars: SimulatedBars) -> None:
    first, second = (next(bars.daily(symbol, NOON)) for symbol in ("AAPL", "TSLA"))

    assert first[1:] != second[1:]


@given(symbols, instants)
@settings(max_examples=25, deadline=None)
def test_bars_are_sound(bars: SimulatedBars, symbol: str, now: datetime) -> None:
    served = list(islice(bars.intraday(symbol, 1, True, None, now), 1000))

    times = [bar.time for bar in served]
    assert times == sorted(set(times), reverse=True)
    assert times[0] <= now.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S")
    for bar in served:
        opened, high, low, close = (Decimal(price) for price in bar[1:5])
        assert 0 < low <= min(opened, close) <= max(opened, close) <= high
        assert all(price.partition(".")[2].endswith("00") for price in bar[1:5])
        assert int(bar.volume) > 0


def rolled_up(served: list[PrintedBar], length: int) -> list[PrintedBar]:
    """Roll one-minute bars up, newest first, in the plainest way."""

    def start(bar: PrintedBar) -> str:
        minute = int(bar.time[11:13]) * 60 + int(bar.time[14:16])
        minute -= minute % length
        return f"{bar.time[:10]} {minute // 60:02}:{minute % 60:02}:00"

    rolled = []
    for label, members in groupby(served, key=start):
        group = list(members)
        rolled.append(
            PrintedBar(
                label,
                group[-1].open,
                max((bar.high for bar in group), key=Decimal),
                min((bar.low for bar in group), key=Decimal),
                group[0].close,
                str(sum(int(bar.volume) for bar in group)),
            )
        )
    return rolled


@given(symbols, instants, st.sampled_from([5, 15, 30, 60]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_intervals_agree_with_the_minutes(
    bars: SimulatedBars, symbol: str, now: datetime, length: int, extended: bool
) -> None:
    served = list(islice(bars.intraday(symbol, 1, extended, None, now), 1000))

    # The oldest group may have been cut by the limit.
    expected = rolled_up(served, length)[:-1]

    found = islice(bars.intraday(symbol, length, extended, None, now), len(expected))
    assert list(found) == expected


@given(symbols, instants)
@settings(max_examples=25, deadline=None)
def test_days_agree_with_the_regular_minutes(
    bars: SimulatedBars, symbol: str, now: datetime
) -> None:
    served = list(islice(bars.intraday(symbol, 1, False, None, now), 1000))

    days = [bar._replace(time=bar.time[:10]) for bar in rolled_up(served, 1440)][:-1]

    assert list(islice(bars.daily(symbol, now), len(days))) == days


@pytest.mark.parametrize(
    ("day", "extended", "first", "last"),
    [
        pytest.param("2026-11-20", True, "04:00:00", "19:59:00", id="extended"),
        pytest.param("2026-11-20", False, "09:30:00", "15:59:00", id="regular"),
        pytest.param("2025-11-28", True, "04:00:00", "16:59:00", id="half_day_extended"),
        pytest.param("2025-11-28", False, "09:30:00", "12:59:00", id="half_day_regular"),
        pytest.param("2026-03-09", False, "09:30:00", "15:59:00", id="after_the_clock_change"),
    ],
)
def test_hours_served(bars: SimulatedBars, day: str, extended: bool, first: str, last: str) -> None:
    def times_of(symbol: str) -> list[str]:
        served = bars.intraday(symbol, 1, extended, datetime.fromisoformat(day).date(), NOW_LATE)
        return [bar.time for bar in itertools.takewhile(lambda b: b.time[:10] == day, served)]

    # A minute may see no trade, so several symbols are looked at together.
    times = {
        time for symbol in ("A", "B", "C", "D", "E", "F", "G", "H") for time in times_of(symbol)
    }

    assert (min(times), max(times)) == (f"{day} {first}", f"{day} {last}")


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        pytest.param("2026-11-26T17:00", "2026-11-25", id="holiday"),
        pytest.param("2026-11-22T17:00", "2026-11-20", id="weekend"),
        pytest.param("2026-11-20T14:29", "2026-11-19", id="before_the_open"),
        pytest.param("2026-11-20T14:35", "2026-11-20", id="after_the_open"),
    ],
)
def test_newest_day(bars: SimulatedBars, now: str, newest: str) -> None:
    assert next(bars.daily("AAPL", utc(now))).time == newest


def test_minutes_without_trade_are_absent(bars: SimulatedBars) -> None:
    served = minutes(bars, utc("2026-11-20T14:29:00"))

    before_open = [time for time in served if time.startswith("2026-11-20")]
    assert 0 < len(before_open) < 330


def test_the_last_bar_forms(bars: SimulatedBars) -> None:
    start = utc("2026-11-20T17:30:00")
    states = [
        minutes(bars, start + timedelta(seconds=seconds), "TSLA")["2026-11-20 12:30:00"]
        for seconds in range(0, 75, 15)
    ]

    assert len({state.open for state in states}) == 1
    volumes = [int(state.volume) for state in states]
    assert volumes == sorted(volumes)
    assert volumes[0] < volumes[-1]
    for earlier, later in itertools.pairwise(states):
        assert Decimal(earlier.high) <= Decimal(later.high)
        assert Decimal(earlier.low) >= Decimal(later.low)
    assert len({state.close for state in states}) > 1


def test_some_bars_grow_once_after_their_end(bars: SimulatedBars) -> None:
    """Look at two hours of bars in every minute after each has ended."""
    histories: dict[str, list[PrintedBar]] = {}
    for step in range(140):
        now = utc("2026-11-20T15:00:00") + timedelta(minutes=step)
        newest = list(minutes(bars, now).values())[:30]
        for bar in newest:
            if bar.time < now.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S"):
                histories.setdefault(bar.time, []).append(bar)

    changes = {
        time: [b for a, b in itertools.pairwise(seen) if a != b] for time, seen in histories.items()
    }
    revised = {time: after for time, after in changes.items() if after}
    assert 0 < len(revised) < len(histories) / 10
    for time, after in revised.items():
        before = histories[time][0]
        assert len(after) == 1
        assert after[0]._replace(volume="") == before._replace(volume="")
        assert int(after[0].volume) > int(before.volume)


@pytest.mark.parametrize(
    ("symbol", "exists"),
    [
        pytest.param("TSCO.LON", True, id="well_formed"),
        pytest.param("not a symbol", False, id="malformed"),
        pytest.param("", False, id="empty"),
    ],
)
def test_which_symbols_exist(sessions: Sessions, symbol: str, exists: bool) -> None:
    assert SimulatedBars(1, sessions).knows(symbol, NOON) is exists
