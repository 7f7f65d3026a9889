"""The hours from the opening of bi.candles_60min_from_open, against pandas from the same bars."""

from __future__ import annotations

import random
from datetime import date

import exchange_calendars
import pandas as pd

from tests.fixtures.market import Market
from tests.integration.views.view_market import EXCHANGES, MINUTES, Walk, days, frame, store

READ = """
select symbol, bar_time, session_date, open, high, low, close, volume, bars, is_final,
    rolled_up_from, round(covered_percent::numeric, 6)
from bi.candles_60min_from_open order by symbol, bar_time
"""
HOUR = pd.Timedelta(hours=1)


def odd_sessions() -> pd.DataFrame:
    """Return bars of the weeks in which New York's clocks change and of a half day, before and
    after hours too; of a thin stock, and of markets with a noon break and of another opening."""
    chance = random.Random(5)  # noqa: S311 - test data
    change = [
        *days(date(2025, 10, 30), date(2025, 11, 4)),
        *days(date(2026, 3, 5), date(2026, 3, 10)),
    ]
    half, plain = [date(2025, 11, 28)], days(date(2025, 11, 6), date(2025, 11, 7))
    series = [
        ("AAA", "5min", [*change, *half], (4.0, 20.0), 0.95),
        ("BBB", "30min", half, (9.0, 17.0), 1.0),
        ("THIN", "1min", plain, (9.5, 16.0), 0.02),
        ("0700.HKG", "15min", [*plain, date(2025, 12, 24)], (9.5, 16.0), 0.9),
        ("600104.SHH", "30min", plain, (9.5, 15.0), 1.0),
        ("INFY.BSE", "15min", plain, (9.25, 15.5), 0.9),
    ]
    bars = []
    for symbol, interval, span, hours, present in series:
        walk = Walk(chance, symbol, interval)
        for day in span:
            bars += walk.session(day, hours, present)
    return frame(bars)


def from_open(bars: pd.DataFrame) -> list[tuple[object, ...]]:
    """Return the candles of each part of regular hours, by pandas."""
    rows = []
    for _, session in bars.groupby(["symbol", "session_date"]):
        symbol, day = session["symbol"].iloc[0], session["session_date"].iloc[0]
        code = EXCHANGES.get(symbol.rpartition(".")[2], "XNYS")
        calendar = exchange_calendars.get_calendar(code, start="2025-01-01")
        hours = calendar.schedule.loc[pd.Timestamp(day)]
        noon = [hours["break_start"], hours["break_end"]]
        bounds = [hours["open"], *(at for at in noon if not pd.isna(at)), hours["close"]]
        for starts, ends in zip(bounds[::2], bounds[1::2], strict=True):
            times = session["bar_time"]
            part = session[(times >= starts) & (times < ends)].set_index("bar_time")
            for at, candle in part.resample("60min", origin=starts):
                if len(candle) == 0:
                    continue
                final = candle["is_final"].tolist()
                minutes = MINUTES[candle["interval"].iloc[0]]
                length = pd.Timedelta(minutes=minutes)
                seen = candle["observed_at"]
                told = sum(
                    (
                        length if is_final else max(min(when - start, length), pd.Timedelta(0))
                        for start, when, is_final in zip(candle.index, seen, final, strict=True)
                    ),
                    pd.Timedelta(0),
                )
                covered = 100 * min(1.0, told / min(HOUR, ends - at))
                rows.append(
                    (
                        *(symbol, at.to_pydatetime(), day, candle["open"].iloc[0]),
                        *(max(candle["high"]), min(candle["low"]), candle["close"].iloc[-1]),
                        *(sum(candle["volume"]), len(candle), all(final)),
                        *(candle["interval"].iloc[0], round(covered, 6)),
                    )
                )
    return sorted(rows, key=lambda row: (str(row[0]), str(row[1])))


def test_hours_from_the_opening_are_those_of_pandas(market: Market) -> None:
    bars = odd_sessions()
    store(market, bars, derived=False)
    found = [(*row[:-1], float(row[-1])) for row in market.rows(READ, (), "powerbi_reader")]
    expected = from_open(bars)
    assert len(expected) > 80
    assert found == expected
    starts = """
        select distinct (bar_time at time zone 'America/New_York')::time::text
        from bi.candles_60min_from_open where symbol = 'AAA'
    """
    assert sorted(row[0] for row in market.rows(starts)) == [
        f"{hour:02}:30:00" for hour in range(9, 16)
    ]


def test_bars_that_reach_over_a_start_are_in_none(market: Market) -> None:
    chance = random.Random(6)  # noqa: S311 - test data
    day = date(2025, 11, 6)
    bars = []
    for symbol, interval, hours in (
        ("AAA", "60min", (9.0, 16.0)),
        ("INFY.BSE", "30min", (9.0, 15.5)),
        ("X.UNKNOWN", "5min", (9.5, 16.0)),
    ):
        bars += Walk(chance, symbol, interval).session(day, hours, 1.0)
    store(market, frame(bars), derived=False)
    assert market.rows(READ) == []
    assert market.rows("select count(*) > 0 from bi.candles_60min") == [(True,)]
