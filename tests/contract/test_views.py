"""What the views and their tables repeat is what is written elsewhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import exchange_calendars

from services.common import bar
from services.producer.market_calendar import market_of
from sql import sessions
from tests.fixtures.market import Market

COLUMNS = (Path(__file__).parent / "bi_columns.txt").read_text("utf-8").splitlines()
STORED_COLUMNS = """
select format('%s.%s: %s', relname, attname, format_type(atttypid, atttypmod))
from pg_attribute inner join pg_class on pg_class.oid = attrelid
where relnamespace = 'bi'::regnamespace and relkind = 'v' and attnum > 0
order by relname, attnum
"""
SUFFIXES = ("", ".LON", ".TRT", ".TRV", ".DEX", ".BSE", ".SHH", ".SHZ")


def test_the_columns_of_the_views_are_those_that_reports_are_built_on(market: Market) -> None:
    assert [row[0] for row in market.rows(STORED_COLUMNS)] == COLUMNS


def test_no_view_shows_people_a_time_without_saying_whose() -> None:
    older = {
        "events_stream",
        "bar_revisions",
        "bar_indicators",
        "sink_status",
        "rejected_by_reason",
    }
    for line in COLUMNS:
        name, kind = line.split(": ")
        view, column = name.split(".")
        if kind.startswith("timestamp") and not (view in older or view.startswith("candles_")):
            assert kind == "timestamp without time zone", line
            assert column.endswith(("_utc", "_exchange")), line


def test_the_intervals_are_those_of_the_bar_event(market: Market) -> None:
    stored = market.rows("select interval, minutes from bi.intervals order by minutes")
    minutes = {**bar.INTERVAL_MINUTES, "1d": 24 * 60}
    assert stored == [(interval, minutes[interval]) for interval in bar.INTERVALS]


def test_the_sessions_are_those_of_the_calendar_library(market: Market) -> None:
    calendar = exchange_calendars.get_calendar("XNYS", start="2000-01-01")
    known = calendar.schedule
    known = known[known.index <= f"{datetime.now(UTC).year + 1}-12-31"]
    early = set(calendar.early_closes)
    expected = [
        (day.date(), opens.to_pydatetime(), closes.to_pydatetime(), day in early)
        for day, opens, closes in zip(known.index, known["open"], known["close"], strict=True)
    ]
    query = """
    select session_date, opens_at, closes_at, is_early_close from market.exchange_sessions
    where exchange = 'XNYS' and session_date <= %s order by session_date
    """
    assert market.rows(query, (expected[-1][0],)) == expected
    assert len(expected) > 6_500
    by_day = {row[0]: row[1:] for row in expected}
    assert by_day[date(2025, 11, 28)] == (
        datetime(2025, 11, 28, 14, 30, tzinfo=UTC),
        datetime(2025, 11, 28, 18, tzinfo=UTC),
        True,
    )
    assert date(2025, 11, 27) not in by_day


def test_a_calendar_that_changed_is_brought_up_to_date(market: Market) -> None:
    read = "select * from market.exchange_sessions order by session_date"
    before = market.rows(read)
    market.run(
        "delete from market.exchange_sessions where session_date = '2025-11-28';"
        "update market.exchange_sessions set is_early_close = true "
        "where session_date = '2025-11-26';"
        "insert into market.exchange_sessions values ('XNYS', '2025-11-27', now(), now(), false)"
    )
    assert market.rows(read) != before

    with market._connect("market_owner") as owner:
        assert sessions.keep_sessions(owner, datetime.now(UTC).date()) == len(before)
    assert market.rows(read) == before


def test_a_date_begins_and_ends_within_its_days_bounds_on_every_exchange(market: Market) -> None:
    bounds = market.rows("select session_date, begins_at, ends_at from market.days")
    assert len(bounds) > 36_000
    for name in bar.EXCHANGE_ZONES:
        zone = ZoneInfo(name)
        for day, begins, ends in bounds:
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            assert begins <= midnight
            assert (midnight + timedelta(days=1)).astimezone(UTC) <= ends


def test_exchanges_and_clocks_of_symbols_are_those_that_the_producer_knows(market: Market) -> None:
    symbols = [f"TSCO{suffix}" for suffix in SUFFIXES]
    read = "select market.exchange(symbol), market.time_zone(symbol) from unnest(%s::text[]) symbol"
    found = dict(zip(symbols, market.rows(read, (symbols,)), strict=True))
    for symbol, (exchange, zone) in found.items():
        # The producer follows New York's hours where it knows no others.
        assert market_of(symbol) in (exchange, "XNYS")
        assert zone in bar.EXCHANGE_ZONES
        assert zone == exchange_calendars.get_calendar(exchange.replace("XSHE", "XSHG")).tz.key
    assert found["TSCO"] == ("XNYS", "America/New_York")
