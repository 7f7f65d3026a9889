"""A share, a pair of currencies, a digital currency and an index through the whole pipeline, live
over the week-end in which New York's clocks are put back, in processes whose own time zone is
another one.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT
from services.common.market.market_clock import MarketClock, parse_market_clock
from services.stream.sink.offset_ledger import total_records
from sql.source_clock import keep_source_clock
from tests.e2e.simulated import SERIES, StoredBar, truth
from tests.e2e.test_real_bars import FAULTS, Pipeline, clock_at, pipeline
from tests.fixtures.live import end, log_of, wait_for
from tests.fixtures.market import Market, Row, Topic
from tests.integration.dashboard.serving import Dashboard, serving
from tests.integration.views.expected.indicators import assert_derived, nothing_is_due

__all__ = ["pipeline"]

AAPL, BTC, EUR, SPX = SYMBOLS = ("AAPL", "CRYPTO:BTC/USD", "FX:EUR/USD", "INDEX:SPX")
BEGIN, END = datetime(2025, 10, 28, 12, tzinfo=UTC), datetime(2025, 11, 6, 12, 10, tzinfo=UTC)
STOP = datetime(2025, 11, 4, 12, tzinfo=UTC)
"""Long enough before END for a simulator that is slow to end."""
SPEED = 10_000
ASKED = {"SYMBOLS": ",".join(SYMBOLS), "INTERVALS": "60min,1d", "ADJUSTED": "false"}
FIRST, LAST = date(2025, 10, 13), date(2025, 11, 5)
HOURS = (
    *((AAPL, "1d", 1), (AAPL, "60min", 7), (BTC, "1d", 1), (BTC, "60min", 24)),
    *((EUR, "1d", 1), (EUR, "60min", 24), (SPX, "1d", 1)),
)
"""Bars of a day's regular hours."""
STORED = """
select symbol, interval, bar_time, open, high, low, close, volume, session_date
from market.events_stream order by symbol, interval, bar_time
"""
QUALITY = """
select symbol, interval, session_date::text, day_kind, status, expected_bars
from bi.data_quality where session_date between '2025-10-31' and '2025-11-05'
order by symbol, interval, session_date
"""
DAYS = """
select session_date::text, min(bar_time at time zone 'UTC')::text,
    max(bar_time at time zone 'UTC')::text, count(*)
from bi.events_stream where symbol = %s and interval = '60min'
and session_date between '2025-10-31' and '2025-11-04' group by 1 order by 1
"""
CANDLES = """
select symbol, session_date, open, high, low, close, volume from bi.candles
where interval = '1d' and rolled_up_from = '1d' and session_date between %s and %s
order by symbol, session_date
"""
QUOTES = """
select symbol, market_state, age_seconds < 0, price::float8 from bi.latest_quote order by symbol
"""


@pytest.mark.timeout(1200)
def test_every_market_over_a_week(pipeline: Pipeline, bars_topic: Topic, tmp_path: Path) -> None:
    pipeline.stream.environment["TZ"] = "Asia/Kathmandu"
    market = pipeline.stream.market
    stream = pipeline.stream.start()
    _live_through_the_week(pipeline, tmp_path)
    url = _come_to_rest(pipeline)
    wanted = [bar for asked in SERIES for bar in truth(url, asked)]

    _wait_until_passed(pipeline, bars_topic)
    assert _since_the_oldest(market, wanted) == wanted
    assert market.rows("select count(*) from market.rejected_events") == [(0,)]
    # Bars were seen while they formed.
    [(revised,)] = market.rows("select count(distinct session_date) from market.bar_revisions")
    assert revised >= 1
    _require_each_markets_own_days(market, wanted)
    _require_quotes_by_each_markets_own_day(market, wanted)
    wait_for(lambda: nothing_is_due(market), "the indicators")
    assert_derived(market)
    with serving(market, tmp_path, TZ="Asia/Kathmandu") as dashboard:
        _require_answers(dashboard, wanted)
    _require_replays(pipeline)
    assert stream.is_running(), log_of(stream)


def _live_through_the_week(pipeline: Pipeline, folder: Path) -> None:
    """Let simulator and producer, with faults between, follow a fast clock from BEGIN to STOP."""
    clock = MarketClock(BEGIN, datetime.now(UTC), SPEED)
    url = pipeline.start_simulator(None, str(clock), FAULTS)
    producer = pipeline.start_producer(url, str(clock), **ASKED)
    wait_for(lambda: clock.now() > STOP, "the week to pass")
    end(pipeline.children[0], signal.SIGKILL)
    assert clock.now() < END
    assert end(producer)[0] == 0, log_of(producer)
    (folder / "url").unlink()


def _come_to_rest(pipeline: Pipeline) -> str:
    """Let both go on at END, where the clock stands; return the simulator's address."""
    clock = clock_at(f"{END:%Y-%m-%dT%H:%M:%S}")
    url = pipeline.start_simulator(None, clock, "")
    producer = pipeline.start_producer(url, clock, **ASKED)
    newest = [(max(bar[2] for bar in truth(url, asked)),) for asked in SERIES]
    market = pipeline.stream.market
    read = """
    select max(bar_time) from market.events_stream group by symbol, interval
    order by symbol, interval
    """
    wait_for(lambda: market.rows(read) == newest, "the newest bars")
    assert end(producer)[0] == 0, log_of(producer)
    with market.connect("market_owner") as owner:
        keep_source_clock(owner, parse_market_clock(clock))
    return url


def _wait_until_passed(pipeline: Pipeline, bars_topic: Topic) -> None:
    sent = total_records(bars_topic.ranges())
    wait_for(lambda: pipeline.stream.passed() == sent, "the last bars")


def _since_the_oldest(market: Market, wanted: Sequence[StoredBar]) -> list[Row]:
    """Return the rows of the table, without what came before the oldest bar that is wanted."""
    oldest: dict[tuple[str, str], datetime] = {}
    for bar in wanted:
        oldest.setdefault(bar[:2], bar[2])
    return [row for row in market.rows(STORED) if row[2] >= oldest[row[:2]]]


def _require_each_markets_own_days(market: Market, wanted: Sequence[StoredBar]) -> None:
    assert market.rows("select * from bi.data_gaps", (), "powerbi_reader") == []
    assert market.rows(QUALITY, (), "powerbi_reader") == [
        (symbol, interval, f"{day}", *_quality(symbol, day, hours))
        for symbol, interval, hours in HOURS
        for day in (date(2025, 10, 31) + timedelta(days=number) for number in range(6))
    ]
    assert market.rows(DAYS, (EUR,)) == [
        ("2025-10-31", "2025-10-30 21:00:00", "2025-10-31 20:00:00", 24),
        ("2025-11-03", "2025-11-02 22:00:00", "2025-11-03 21:00:00", 24),
        ("2025-11-04", "2025-11-03 22:00:00", "2025-11-04 21:00:00", 24),
    ]
    assert market.rows(DAYS, (BTC,)) == [
        (f"2025-{day}", f"2025-{day} 00:00:00", f"2025-{day} 23:00:00", 24)
        for day in ("10-31", "11-01", "11-02", "11-03", "11-04")
    ]
    days = [bar for bar in wanted if bar[1] == "1d" and FIRST <= bar[-1] <= LAST]
    assert market.rows(CANDLES, (FIRST, LAST), "powerbi_reader") == [
        (symbol, day, *values) for symbol, _, _, *values, day in days
    ]


def _quality(symbol: str, day: date, hours: int) -> tuple[str, str, int]:
    if day.weekday() >= 5 and symbol != BTC:
        return "closed", "closed", 0
    return "regular", "complete", hours


def _require_quotes_by_each_markets_own_day(market: Market, wanted: Sequence[StoredBar]) -> None:
    newest = {bar[0]: bar for bar in sorted(wanted, key=lambda bar: (bar[0], bar[2], bar[1]))}
    # The newest bars of pairs go on; the index stands where New York closed on the day before.
    assert market.rows(QUOTES, (), "powerbi_reader") == [
        (symbol, state, goes_on, pytest.approx(float(newest[symbol][6]), abs=1e-4))
        for symbol, state, goes_on in (
            *((AAPL, "closed", True), (BTC, "open", True)),
            *((EUR, "open", True), (SPX, "closed", False)),
        )
    ]


def _require_answers(dashboard: Dashboard, wanted: Sequence[StoredBar]) -> None:
    """The list of the page, a chart and the bars of the data API, of each symbol."""
    series = dashboard.get("/api/series").json()
    hours = ["60min", "1d"]
    assert [(one["symbol"], one["exchange"], one["offered"]) for one in series] == [
        *((AAPL, "XNYS", hours), (BTC, "CRYPTO", hours), (EUR, "FX", hours)),
        (SPX, "INDEX", ["1d"]),
    ]
    assert [row["symbol"] for row in dashboard.get("/api/quotes").json()["data"]] == [*SYMBOLS]
    for symbol in SYMBOLS:
        of_days = [bar for bar in wanted if bar[:2] == (symbol, "1d") and FIRST <= bar[-1] <= LAST]
        asked = {"symbol": symbol, "interval": "1d"}
        within = {"from": str(FIRST), "to": str(LAST + timedelta(days=1))}
        bars = dashboard.get("/api/bars", **asked, **within)
        assert [
            (row["session_date"], Decimal(row["close"]), _decimal(row["volume"]))
            for row in json.loads(bars.text, parse_float=str)["data"]
        ] == [(str(bar[-1]), bar[6], bar[7]) for bar in of_days]
        chart = dashboard.get("/api/chart", **asked, range="1m").json()
        known = dict(zip(chart["time"], chart["volume"], strict=True))
        assert {volume is None for volume in known.values()} == {symbol in (EUR, SPX)}


def _decimal(text: str | int | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _require_replays(pipeline: Pipeline) -> None:
    """Rows of history that are gone come back out of Kafka, symbol by symbol; each record has its
    account."""
    market = pipeline.stream.market
    before = market.rows(STORED)
    gone = "symbol in (%s, %s) and session_date < %s"
    market.run(f"delete from market.events_stream where {gone}", (EUR, BTC, FIRST))  # noqa: S608
    assert len(market.rows(STORED)) < len(before) - 1_000
    for symbol in ("fx:eur/usd", BTC):
        print(_run(pipeline, "replay", "--from", "1d", "--symbol", symbol))  # noqa: T201
    assert market.rows(STORED) == before
    wait_for(lambda: nothing_is_due(market), "the indicators")
    assert_derived(market)
    _run(pipeline, "reconcile")


def _run(pipeline: Pipeline, command: str, *arguments: str) -> str:
    done = subprocess.run(
        [ROOT / "scripts" / command, *arguments],
        env=pipeline.stream.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
