"""Twelve exchanges over the turn of the year 2026/27: every bar within one poll of its end, each on
its trade date, and no gap told where there is none.

The simulator, the producer's loop, the decoding and the sink are the real ones. The clock goes by
polls, and the views that look for gaps are given the instant at which it stops.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from scripts.launcher.paths import ROOT
from services.common.market.exchanges import BY_SUFFIX
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import EASTERN, load_sessions
from services.stream.decoding.arrow_decode import fast_outcomes
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.sink.transaction import Purpose, Work, apply
from tests.contract.decoding.both_decoders import RECORDS
from tests.fixtures.market import Market
from tests.integration.sink.new_bars import connected
from tests.unit.producer.harness import LIVE, LOG, Process
from tests.unit.producer.loop.served_vendor import simulated_world

BEGIN, END = datetime(2026, 12, 30, 1, tzinfo=UTC), datetime(2027, 1, 5, tzinfo=UTC)
POLL, HOUR = timedelta(minutes=15), timedelta(hours=1)
CALLS_SECONDS = 4
SYMBOLS = [f"VALE.{suffix}" for suffix in BY_SUFFIX]
# Weekdays without trade, and when the last hour of a half day begins, on the exchange's clock. The
# calendars of Bombay and Shanghai end with 2026: of what follows the weekdays are assumed.
NEW_YEAR = date(2027, 1, 1)
EVE = date(2026, 12, 31)
CLOSED = {
    **{f"VALE.{suffix}": [NEW_YEAR] for suffix in ("LON", "TRT", "TRV", "HKG", "PAR", "AMS")},
    **{f"VALE.{suffix}": [EVE, NEW_YEAR] for suffix in ("DEX", "FRK", "SAO")},
    **{f"VALE.{suffix}": list[date]() for suffix in ("BSE", "SHH", "SHZ")},
}
ENDS = {
    "VALE.LON": "2026-12-31 12:30",
    "VALE.HKG": "2026-12-31 12:00",
    "VALE.PAR": "2026-12-31 14:05",
    "VALE.AMS": "2026-12-31 14:05",
    "VALE.DEX": "2026-12-30 14:00",
}
# In the middle of sessions; bars that have begun are there, as far as they were polled.
NOON = "2026-12-31T12:02:00.000Z"
WEEKDAYS = [date(2026, 12, 30), EVE, NEW_YEAR, date(2027, 1, 4)]


@dataclass
class Played:
    """What the market traded, and the records that the producer sent of it."""

    traded: dict[str, set[datetime]]
    records: list[tuple[bytes, bytes]]
    complaints: list[str]

    def finished(self) -> Iterator[tuple[str, datetime, datetime]]:
        """Yield of each bar that will not change any more its symbol, its start, and when it was
        observed."""
        for _, value in self.records:
            event = json.loads(value)
            if not event["is_final"]:
                continue
            clock = datetime.fromisoformat(event["exchange_time"])
            start = clock.replace(tzinfo=ZoneInfo(event["exchange_tz"])).astimezone(UTC)
            yield event["symbol"], start, datetime.fromisoformat(event["observed_at"])


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Let a producer poll twelve symbols over the days."""
    sessions = load_sessions(BEGIN)
    source = SimulatedBars(1, sessions)
    settings = {**LIVE, "SYMBOLS": ",".join(SYMBOLS), "INTERVALS": "60min"}
    folder = tmp_path_factory.mktemp("producer")
    with (
        heard(LOG) as complaints,
        simulated_world(folder, BEGIN, sessions, source, "unlimited", "realtime") as (world, _),
    ):
        process = Process(world, settings)
        while world.clock.now() <= END:
            # The plan lets five calls leave in a second.
            for _ in range(CALLS_SECONDS):
                process.steps(2)
                world.clock.move(seconds=1)
            world.clock.move(seconds=POLL.total_seconds() - CALLS_SECONDS)
        process.end()
    traded = {symbol: {*starts(source, symbol)} for symbol in SYMBOLS}
    return Played(traded, world.broker.log, complaints)


@contextmanager
def heard(log: logging.Logger) -> Iterator[list[str]]:
    """Collect the warnings of a logger."""
    told: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    log.addHandler(handler)
    yield told
    log.removeHandler(handler)


def starts(source: SimulatedBars, symbol: str) -> Iterator[datetime]:
    """Yield when each bar of the days starts, by the market itself."""
    for bar in source.intraday(symbol, 60, extended=True, until=None, now=END):
        start = datetime.fromisoformat(bar.time).replace(tzinfo=EASTERN).astimezone(UTC)
        if start < BEGIN:
            return
        yield start


def test_every_bar_is_seen_within_one_poll_of_its_end(played: Played) -> None:
    first: dict[tuple[str, datetime], datetime] = {}
    for symbol, start, seen in played.finished():
        first.setdefault((symbol, start), seen)
    expected = {(symbol, start) for symbol in SYMBOLS for start in played.traded[symbol]}
    assert len(expected) > 200
    assert {key for key in first if key[1] >= BEGIN} == expected
    poll = POLL + timedelta(seconds=CALLS_SECONDS)
    late = {key: seen for key, seen in first.items() if seen > max(key[1], BEGIN) + HOUR + poll}
    assert late == {}


def test_every_bar_is_on_its_trade_date_and_no_gap_is_told(played: Played, market: Market) -> None:
    early = [record for record in played.records if json.loads(record[1])["observed_at"] < NOON]
    for instant, records in ((NOON, early), (END.isoformat(), played.records)):
        store(market, records)
        look_at(market, instant)
        gaps = "select symbol, starts_at_utc, kind from bi.data_gaps where session_date >= %s"
        assert market.rows(gaps, (BEGIN.date(),), "powerbi_reader") == []

    dates = "select symbol, array_agg(distinct session_date) from bi.bars where {} group by 1"
    span = "session_date between '2026-12-30' and '2027-01-04'"
    found: dict[str, list[date]] = dict(market.rows(dates.format(span), (), "powerbi_reader"))
    wanted = {symbol: [day for day in WEEKDAYS if day not in CLOSED[symbol]] for symbol in SYMBOLS}
    assert found == wanted
    last = """
    select symbol, max(bar_time_exchange) from bi.bars
    where session_part = 'regular' and (symbol, session_date) in (
        select * from unnest(%s::text[], %s::date[])
    )
    group by 1
    """
    halves = {symbol: datetime.fromisoformat(text) for symbol, text in ENDS.items()}
    half = market.rows(last, ([*halves], [end.date() for end in halves.values()]))
    assert {symbol: halves[symbol] - HOUR <= at < halves[symbol] for symbol, at in half} == (
        dict.fromkeys(halves, True)
    )
    states = "select distinct day_kind, status from bi.data_quality where {} order by 1, 2"
    assert market.rows(states.format(span), (), "powerbi_reader") == [
        ("assumed", "unknown"),
        ("closed", "closed"),
        ("early_close", "complete"),
        ("regular", "complete"),
    ]
    ending = {line.split()[3] for line in played.complaints if line.startswith("the calendar of")}
    assert ending == {"XBOM", "XSHG", "XSHE"}
    assert [line for line in played.complaints if not line.startswith("the calendar of")] == []


def store(market: Market, records: list[tuple[bytes, bytes]]) -> None:
    """Store records as the stream does; those that are known already change nothing."""
    with connected(market) as bench:
        apply(
            bench.session,
            Work("bars", Purpose.REPLAY, topic_id="id"),
            lambda refused: pytest.fail(f"refused: {[*refused]}"),
            {0: OffsetRange(0, len(records))},
            [outcomes(records)],
        )


def look_at(market: Market, instant: str) -> None:
    """Let the views that look for gaps stand at an instant."""
    for view in ("210_session_slots", "211_data_quality", "212_data_gaps"):
        text = (ROOT / "sql" / "views" / "quality" / f"{view}.sql").read_text("utf-8")
        market.run(text.replace("now()", f"timestamptz '{instant}'"))


def outcomes(records: list[tuple[bytes, bytes]]) -> pa.RecordBatch:
    """Return what becomes of records in Arrow."""
    rows = [
        {"partition": 0, "offset": number, "timestamp": END, "key": key, "value": value}
        for number, (key, value) in enumerate(records)
    ]
    return fast_outcomes(pa.RecordBatch.from_pylist(rows, schema=RECORDS))
