"""What the views and their tables repeat is what is written elsewhere."""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import exchange_calendars

from scripts.benchmarking.measurements import view_queries
from services.alerts.rules.bars import INDICATORS
from services.calendars.sessions import trading_days
from services.common.market import bar
from services.common.market.exchanges import (
    BY_SUFFIX,
    EXCHANGES,
    NEW_YORK,
    currency_of,
    exchange_of,
    quote_unit_of,
    zone_of,
)
from services.common.market.trade_date import trade_date
from sql import sessions
from tests.fixtures.market import Market

COLUMNS = (Path(__file__).parent / "bi_columns.txt").read_text("utf-8").splitlines()
STORED_COLUMNS = """
select format('%s.%s: %s', relname, attname, format_type(atttypid, atttypmod))
from pg_attribute inner join pg_class on pg_class.oid = attrelid
where relnamespace = 'bi'::regnamespace and relkind = 'v' and attnum > 0
order by relname, attnum
"""
UNTOLD = """
select format('%s.%s', relname, attname)
from pg_attribute inner join pg_class on pg_class.oid = attrelid
where relnamespace = 'bi'::regnamespace and attnum > 0 and col_description(attrelid, attnum) is null
union all
select relname from pg_class
where relnamespace = 'bi'::regnamespace and obj_description(oid, 'pg_class') is null
union all
select proname from pg_proc
where pronamespace = 'bi'::regnamespace and obj_description(oid, 'pg_proc') is null
"""
TOLD = """
select relname, obj_description(oid, 'pg_class') from pg_class
where relnamespace = 'bi'::regnamespace
union all
select format('%s.%s', relname, attname), col_description(attrelid, attnum)
from pg_attribute inner join pg_class on pg_class.oid = attrelid
where relnamespace = 'bi'::regnamespace and attnum > 0
"""


def test_the_columns_of_the_views_are_those_that_reports_are_built_on(market: Market) -> None:
    assert [row[0] for row in market.rows(STORED_COLUMNS)] == COLUMNS


def test_the_benchmark_can_ask_every_view(market: Market) -> None:
    for view in {line.split(".")[0] for line in COLUMNS}:
        assert len(market.rows(view_queries.query_of(view), (), view_queries.READER)) <= 10, view


def test_every_relation_and_column_says_in_the_database_what_it_is(market: Market) -> None:
    assert market.rows(UNTOLD) == []


def test_a_view_on_another_basis_has_the_words_of_the_plain_one(market: Market) -> None:
    told: dict[str, str] = dict(market.rows(TOLD))
    assert told["bars_total_return.bar_time"] == told["bars.bar_time"]
    assert told["bars_total_return"].startswith(told["bars"] + " As bi.bars, prices also by")
    assert told["candles_5min.rolled_up_from"] == told["candles.rolled_up_from"]
    assert told["data_quality.lag_seconds_median"].endswith("(in seconds)")


def test_each_time_is_an_instant_or_names_its_clock() -> None:
    clocks = {"timestamp with time zone": ("_time", "_at")}
    clocks["timestamp without time zone"] = ("_utc", "_exchange")
    times = [line for line in COLUMNS if ": timestamp" in line]
    assert len(times) > 100
    for line in times:
        column, kind = line.split(": ")
        assert column.endswith(clocks[kind]), line


def test_whatever_tells_of_bars_names_their_start_alike() -> None:
    columns = {line.split(":")[0] for line in COLUMNS}
    with_clocks = {name.split(".")[0] for name in columns if name.endswith(".bar_time_utc")}
    assert len(with_clocks) > 10
    assert {f"{view}.bar_time" for view in with_clocks} <= columns


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


def test_the_sessions_of_every_exchange_are_kept(market: Market) -> None:
    last = date(datetime.now(UTC).year + 1, 12, 31)
    read = """
    select
        session_date, opens_at, closes_at, break_starts_at, break_ends_at, is_early_close,
        is_assumed
    from market.exchange_sessions where exchange = %s order by session_date
    """
    for exchange in EXCHANGES:
        rows = market.rows(read, (exchange.code,))
        assert rows == [astuple(day) for day in trading_days(exchange, rows[0][0], last)]
        assert len(rows) > 1_200


def test_a_calendar_that_changed_is_brought_up_to_date(market: Market) -> None:
    read = "select * from market.exchange_sessions order by exchange, session_date"
    before = market.rows(read)
    market.run(
        "delete from market.exchange_sessions where session_date = '2025-11-28';"
        "update market.exchange_sessions set is_early_close = true "
        "where session_date = '2025-11-26';"
        "update market.exchange_sessions set is_assumed = true where session_date = '2025-11-24';"
        "insert into market.exchange_sessions values ('XNYS', '2025-11-27', now(), now(), false)"
    )
    assert market.rows(read) != before

    with market.connect("market_owner") as owner:
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


def test_evenings_lie_within_the_bounds_of_the_day_that_they_belong_to(market: Market) -> None:
    query = """
    select day.session_date, day.begins_at from market.days as day
    inner join market.exchange_sessions as trade using (session_date)
    where trade.exchange = 'XNYS' and not trade.is_assumed
    """
    begins: dict[date, datetime] = dict(market.rows(query))
    zone = ZoneInfo("America/New_York")
    for day in sorted(begins)[1:]:
        evening = datetime(day.year, day.month, day.day, 20, tzinfo=zone) - timedelta(days=1)
        while trade_date(NEW_YORK, evening - timedelta(days=1)) == day:
            evening -= timedelta(days=1)
        assert begins[day] <= evening, day


def test_the_functions_of_symbols_say_what_the_table_of_exchanges_says(market: Market) -> None:
    symbols = ["TSCO", "BRK.B", "BT.A.LON", "TSCO.XYZ", "M&M.BSE", "A.", "X.NS"]
    symbols += [f"TSCO.{suffix}" for suffix in BY_SUFFIX]
    symbols += ["FX:EUR/JPY", "CRYPTO:BTC/USDT", "INDEX:SPX", "INDEX:X.LON", "BOND:X"]
    read = """
    select
        symbol, market.exchange(symbol), market.time_zone(symbol),
        market.usual_quote_unit(symbol), market.currency(market.usual_quote_unit(symbol)),
        market.units_per_currency(market.usual_quote_unit(symbol))
    from unnest(%s::text[]) as symbol
    """
    expected: list[tuple[object, ...]] = []
    for symbol in symbols:
        exchange = exchange_of(symbol)
        if exchange is None:
            expected.append((symbol, None, "UTC", None, None, 1))
        else:
            unit = quote_unit_of(symbol)
            currency = (None, 1) if unit is None else currency_of(unit)
            expected.append((symbol, exchange.code, exchange.zone, unit, *currency))
        assert zone_of(symbol) in bar.EXCHANGE_ZONES
    assert market.rows(read, (symbols,)) == expected


def test_a_function_of_a_symbol_becomes_part_of_its_query(market: Market) -> None:
    for name in ("exchange", "time_zone", "usual_quote_unit"):
        query = f"explain verbose select market.{name}(symbol) from market.series"  # noqa: S608
        assert f"market.{name}(" not in str(market.rows(query)), name


def test_conditions_of_alerts_name_columns_that_there_are() -> None:
    columns = {line.partition(":")[0] for line in COLUMNS}
    assert [name for name in INDICATORS if f"bar_indicators.{name}" not in columns] == []
