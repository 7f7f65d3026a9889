"""A day is replayed, and every instant of it is asked for again: the answers are those of then."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.stream.decoding.copy_text import LINE_COLUMNS
from services.stream.sink import postgres
from tests.fixtures.market import Market, Row

START = datetime(2025, 11, 6, 14, 30, tzinfo=UTC)
COLUMNS = """symbol, bar_time, interval, open::text, high, low, close, volume, session_date, source,
    freshness, adjusted, is_final, revision, inserted_at, updated_at, basis"""
PRESENT = f"select {COLUMNS} from bi.events_stream order by symbol, interval, bar_time"  # noqa: S608
PAST = PRESENT.replace("bi.events_stream", "bi.bars_as_of(%s)")
SERIES = [("AAPL", "1min"), ("AAPL", "5min"), ("TSLA", "1min")]
READER = "dashboard_reader"


def line(symbol: str, interval: str, minute: int, close: int, second: int) -> str:
    """Return a bar as a line for COPY; an odd price makes it an adjusted one without a volume."""
    values = {
        "symbol": symbol,
        "bar_time": f"{START + timedelta(minutes=minute):%Y-%m-%d %H:%M:%S}",
        "interval": interval,
        **dict.fromkeys(("open", "high", "low", "close"), f"{close}.50"),
        "volume": r"\N" if close % 2 else f"{close}.25",
        "session_date": "2025-11-06",
        "source": "simulator",
        "freshness": "simulated",
        "basis": "adjusted 2025-11-06" if close % 2 else "raw",
        "is_final": "true",
        "observed_at": f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}",
        "kafka_partition": "0",
        "kafka_offset": str(second),
    }
    return "\t".join(values[name] for name in LINE_COLUMNS) + "\n"


def test_every_answer_of_a_day_is_found_again(market: Market) -> None:
    chance = random.Random(25)  # noqa: S311 - it shall be the same each time
    answers: list[tuple[datetime, list[Row]]] = []
    with closing(postgres.connect(market.address("stream_writer"), "test")) as session:
        session.prepare_staging()
        for second in range(60):
            lines = sorted(
                line(symbol, interval, minute, chance.randrange(10, 14), second)
                for symbol, interval in SERIES
                for minute in range(max(0, second - 5), second)
                if chance.random() < 0.5
            )
            with session.transaction():
                session.stage_bars([each.encode() for each in lines])
                session.merge(len(lines))
            stored = market.rows(PRESENT)
            [(instant,)] = market.rows("select clock_timestamp()")
            answers.append((instant, stored))
    assert market.rows("select max(revision) > 3 from bi.bar_revisions") == [(True,)]

    for instant, stored in answers:
        assert market.rows(PAST, (instant,), READER) == stored
    assert market.rows(PAST, (START,), READER) == []


def test_a_value_that_was_confirmed_later_does_not_say_when_it_was_seen_before(
    market: Market,
) -> None:
    first = datetime.now(UTC) - timedelta(hours=1)
    with closing(postgres.connect(market.address("stream_writer"), "test")) as session:
        session.prepare_staging()
        for seen in (first, datetime.now(UTC) + timedelta(hours=1)):
            second = round((seen - START).total_seconds())
            with session.transaction():
                session.stage_bars([line("AAPL", "1min", 0, 10, second).encode()])
                session.merge(1)
            [(instant,)] = market.rows("select clock_timestamp()")
            found = market.rows(
                "select open, observed_at is null, revision from bi.bars_as_of(%s)", (instant,)
            )
            assert found == [(Decimal("10.50"), seen is not first, 1)]


@pytest.mark.parametrize("role", ["dashboard_service", "dashboard_reader", "powerbi_reader"])
def test_every_reader_may_ask_and_no_one_sees_the_tables(role: str, market: Market) -> None:
    assert market.rows("select * from bi.bars_as_of(now())", (), role) == []
