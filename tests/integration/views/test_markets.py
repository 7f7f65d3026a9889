"""The views on foreign exchange, digital currencies and indices, over the week-end in which New
York's clocks were put back: from the simulator's answers to each market's own days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.common.market.bar import Bar
from services.common.market.exchanges import exchange_of
from services.common.market.market_clock import MarketClock
from services.common.market.trade_date import trade_date
from services.common.settings import Environment
from services.producer.alpha_vantage.classify import Kind, classify
from services.producer.alpha_vantage.parse import Observation, parse_bars
from services.producer.alpha_vantage.query import parameters
from services.producer.alpha_vantage.quota_planner import parse_plan
from services.producer.alpha_vantage.source import read_source
from services.producer.series import FULL, Series
from services.simulator.api.calls import Api
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import load_sessions
from sql.source_clock import keep_source_clock
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import derive
from tests.unit.simulator.fakes import HandClock, ask, make_api

NOW = datetime(2025, 11, 5, 12, 10, tzinfo=UTC)
FIRST, LAST = "2025-10-30", "2025-11-04"
EUR_USD, BTC_USD, SPX = "FX:EUR/USD", "CRYPTO:BTC/USD", "INDEX:SPX"
SERIES = (
    *(Series(EUR_USD, "60min"), Series(EUR_USD, "1d")),
    *(Series(BTC_USD, "60min"), Series(BTC_USD, "1d"), Series(SPX, "1d")),
)
INSERT = """
insert into market.events_stream (
    symbol, bar_time, interval, open, high, low, close, volume, session_date, source,
    freshness, basis, is_final, observed_at, kafka_partition, kafka_offset
)
select
    *, 'simulator', 'simulated', 'raw', true, bar_time, 0, 0
from unnest(
    %s::text[], %s::timestamptz[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::numeric[], %s::date[]
) as bar (symbol, bar_time, interval, open, high, low, close, volume, session_date)
"""
# As every merge does of its series.
LEAVE_WORD = """
insert into market.indicator_work (symbol, interval, from_time, until_time)
select symbol, interval, min(bar_time), max(bar_time) from market.events_stream
group by symbol, interval
"""


@pytest.fixture(scope="module")
def api() -> Api:
    sessions = load_sessions(NOW)
    return make_api(SimulatedBars(1, sessions), sessions, "unlimited", HandClock(NOW))


def _bars(api: Api, series: Series) -> Iterator[tuple[Bar, datetime, date]]:
    """Yield the bars of the days in question, each with its start and its trade date."""
    settings = Environment({"ALPHA_VANTAGE_SIMULATED": "true"})
    source = read_source(settings, parse_plan("75"))
    answer = ask(api, parameters(source, series, FULL))
    verdict = classify(answer.status, answer.headers, answer.body, series)
    assert verdict.kind is Kind.DATA
    exchange = exchange_of(series.symbol)
    assert exchange is not None
    zone = verdict.zone if series.interval != "1d" else exchange.zone
    seen = Observation(series, zone, "simulator", "simulated", False, NOW)
    for bar in parse_bars(verdict.bars, seen, lambda _: True):
        local = datetime.fromisoformat(bar.exchange_time).replace(tzinfo=ZoneInfo(zone))
        day = local.date()
        if series.interval != "1d":
            day = trade_date(exchange, local.astimezone(ZoneInfo(exchange.zone)))
        if FIRST <= str(day) <= LAST:
            yield bar, local.astimezone(UTC), day


@pytest.fixture
def traded(market: Market, api: Api) -> Market:
    """Return a database that holds the days but for one hour of each pair."""
    gaps = {
        (EUR_USD, datetime(2025, 11, 3, 10, tzinfo=UTC)),
        (BTC_USD, datetime(2025, 11, 1, 10, tzinfo=UTC)),
    }
    rows = []
    for series in SERIES:
        for bar, start, day in _bars(api, series):
            if series.interval != "1d" and (series.symbol, start) in gaps:
                continue
            prices = (bar.ohlcv.open, bar.ohlcv.high, bar.ohlcv.low, bar.ohlcv.close)
            rows.append((bar.symbol, start, bar.interval, *prices, bar.ohlcv.volume, day))
    columns = tuple(list(column) for column in zip(*rows, strict=True))
    market.run(INSERT, columns, "stream_writer")
    market.run(LEAVE_WORD, (), "stream_writer")
    return market


def test_each_market_has_its_own_days(traded: Market) -> None:
    read = """
    select session_date::text, bars, min(bar_time_utc)::text from bi.candles
    where symbol = %s and interval = '1d' and rolled_up_from = '60min'
    group by session_date, bars order by session_date
    """
    daily = "delete from market.events_stream where interval = '1d' and symbol <> 'INDEX:SPX'"
    traded.run(daily)
    assert traded.rows(read, (EUR_USD,)) == [
        ("2025-10-30", 24, "2025-10-29 21:00:00"),
        ("2025-10-31", 24, "2025-10-30 21:00:00"),
        ("2025-11-03", 23, "2025-11-02 22:00:00"),
        ("2025-11-04", 24, "2025-11-03 22:00:00"),
    ]
    assert [(day, count) for day, count, _ in traded.rows(read, (BTC_USD,))] == [
        *(("2025-10-30", 24), ("2025-10-31", 24), ("2025-11-01", 23)),
        *(("2025-11-02", 24), ("2025-11-03", 24), ("2025-11-04", 24)),
    ]


def test_every_bar_of_a_market_without_an_exchange_is_regular(traded: Market) -> None:
    read = "select symbol, session_part, count(*) from bi.events_stream group by 1, 2 order by 1"
    assert traded.rows(read) == [
        (BTC_USD, "regular", 6 * 24 - 1 + 6),
        (EUR_USD, "regular", 4 * 24 - 1 + 4),
        (SPX, "regular", 4),
    ]


def test_gaps_are_those_of_the_markets_own_hours(traded: Market) -> None:
    read = """
    select symbol, interval, kind, starts_at_utc::text, bars from bi.data_gaps
    where session_date between %s and %s order by symbol
    """
    assert traded.rows(read, (FIRST, LAST), "powerbi_reader") == [
        (BTC_USD, "60min", "no_trade", "2025-11-01 10:00:00", 1),
        (EUR_USD, "60min", "no_trade", "2025-11-03 10:00:00", 1),
    ]


def test_no_volume_is_none_and_a_fraction_stays(traded: Market) -> None:
    statistics = """
    select symbol, count(volume), count(up_volume), count(down_volume), count(vwap)
    from bi.session_statistics where interval = '60min' group by symbol order by symbol
    """
    assert traded.rows(statistics, (), "powerbi_reader") == [
        (BTC_USD, 6, 6, 6, 6),
        (EUR_USD, 0, 0, 0, 0),
    ]
    flow = """
    select symbol, count(up_volume), count(net_volume), count(cumulative_net_volume)
    from bi.volume_flow where interval = '60min' group by symbol order by symbol
    """
    counted = 6 * 24 - 1
    assert traded.rows(flow, (), "powerbi_reader") == [
        (BTC_USD, counted, counted, counted),
        (EUR_USD, 0, 0, 0),
    ]
    decimals = """
    select min(scale(volume)), min(scale(close)) from bi.events_stream
    where symbol = %s and interval = '1d'
    """
    assert traded.rows(decimals, (BTC_USD,)) == [(8, 8)]


def test_no_view_makes_a_volume_of_none(traded: Market) -> None:
    derive(traded)
    named = """
    select own.table_name, own.column_name from information_schema.columns as own
    inner join information_schema.columns as key
        on own.table_schema = key.table_schema and own.table_name = key.table_name
        and key.column_name = 'symbol'
    where own.table_schema = 'bi' and (own.column_name ~ 'volume' or own.column_name ~ 'vwap')
    order by 1, 2
    """
    told = []
    for view, column in traded.rows(named):
        read = f"select symbol, count({column}) > 0 from bi.{view} group by symbol"  # noqa: S608
        told += [(view, column, *row) for row in traded.rows(read, (), "powerbi_reader")]
    assert [row for row in told if row[2] in (EUR_USD, SPX) and row[3]] == []
    assert len([row for row in told if row[2] == BTC_USD and row[3]]) > 30


def test_a_symbol_tells_its_market_and_what_it_is_quoted_in(traded: Market) -> None:
    read = "select symbol, exchange, time_zone, quote_unit, currency from bi.symbols order by 1"
    assert traded.rows(read, (), "powerbi_reader") == [
        (BTC_USD, "CRYPTO", "UTC", "USD", "USD"),
        (EUR_USD, "FX", "America/New_York", "USD", "USD"),
        (SPX, "INDEX", "America/New_York", None, None),
    ]


def test_every_view_takes_such_symbols(traded: Market) -> None:
    names = "select viewname from pg_catalog.pg_views where schemaname = 'bi' order by 1"
    for (name,) in traded.rows(names):
        traded.rows(f"select * from bi.{name}", (), "powerbi_reader")  # noqa: S608


@pytest.mark.parametrize(
    ("now", "states"),
    [
        # The evening belongs to the next day's session, on Sunday to Monday's.
        pytest.param("2025-10-31 20:59", ("open", "open", "closed"), id="friday-before-five"),
        pytest.param("2025-10-31 21:00", ("open", "closed", "closed"), id="friday-from-five"),
        pytest.param("2025-11-02 21:59", ("open", "closed", "closed"), id="sunday-before-five"),
        pytest.param("2025-11-02 22:00", ("open", "open", "closed"), id="sunday-from-five"),
        pytest.param("2025-11-03 14:30", ("open", "open", "open"), id="monday"),
    ],
)
def test_a_market_is_open_by_its_own_hours(
    traded: Market, now: str, states: tuple[str, ...]
) -> None:
    stands = datetime.fromisoformat(now).replace(tzinfo=UTC)
    with traded.connect("market_owner") as owner:
        keep_source_clock(owner, MarketClock(stands, datetime.now(UTC), 1.0))
    read = "select market_state from bi.latest_quote order by symbol"
    assert traded.rows(read, (), "powerbi_reader") == [(state,) for state in states]


def test_a_day_that_goes_on_is_no_newer_than_its_hours(traded: Market) -> None:
    """A bar of a simulated market tells of trade until it was seen by that market's clock."""
    noon = "2025-11-04 12:00+00"
    traded.run(
        "delete from market.events_stream where interval = '60min' and bar_time > %s", (noon,)
    )
    traded.run(
        "update market.events_stream set is_final = false, observed_at = now() "
        "where interval = '60min' and bar_time = %s or interval = '1d' and session_date = %s",
        (noon, LAST),
    )
    stands = datetime(2025, 11, 4, 12, 10, tzinfo=UTC)
    with traded.connect("market_owner") as owner:
        keep_source_clock(owner, MarketClock(stands, datetime.now(UTC), 1.0))
    read = "select symbol, interval, round(age_seconds / 60) from bi.latest_quote order by symbol"
    assert traded.rows(read, (), "powerbi_reader") == [
        *((BTC_USD, "60min", -50), (EUR_USD, "60min", -50)),
        (SPX, "1d", -530),  # to the close at 21:00
    ]
