"""Both ways of decoding a record give it the trade date of the pure function."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

import pyarrow as pa
from pyspark.sql import SparkSession

from services.common.market.exchanges import EXCHANGES, exchange_of
from services.common.market.trade_date import trade_date
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import load_sessions
from services.stream.decoding.arrow_decode import fast_outcomes
from services.stream.decoding.copy_text import outcomes
from services.stream.decoding.spark_decode import decode
from tests.bars import bar
from tests.contract.decoding.both_decoders import RECORDS
from tests.staged_lines import values

SENT_AT = datetime(2036, 1, 1, tzinfo=UTC)
SYMBOLS = ["AAPL", "BRK.B", "TSCO.XYZ", "BT.A.LON"] + [
    f"X.{suffix}" for exchange in EXCHANGES for suffix in exchange.suffixes
]
SYMBOLS += ["FX:EUR/USD", "CRYPTO:BTC/USD", "INDEX:SPX", "INDEX:X.LON", "CRYPTO:ABCDEFGHIJ/ABCDE"]
# Evenings before holidays, over a weekend, at both jumps of the clock, and of an ordinary day.
DAYS = ["2026-11-25", "2026-11-26", "2026-11-27", "2026-12-24", "2026-03-08", "2026-11-01",
        "2025-01-08", "2026-11-24", "2001-09-10", "2026-04-02", "2027-12-31"]  # fmt: skip
HOURS = [0, 3, 9, 12, 16, 17, 19, 20, 21, 22, 23]
SPARK_COLUMNS = "partition int, offset bigint, timestamp timestamp, key binary, value binary"


def stamps(symbol: str) -> list[tuple[str, str, str]]:
    """Return (interval, time, zone) of bars on the clocks that an answer may have."""
    exchange = exchange_of(symbol)
    zones = ["US/Eastern", "UTC", *([exchange.zone] if exchange else [])]
    times = [f"{day} {hour:02}:30:00" for day in DAYS for hour in HOURS]
    return [
        *(("5min", text, zone) for text in times for zone in zones),
        *(("1d", day, "US/Eastern") for day in DAYS),
    ]


def expected(symbol: str, interval: str, text: str, zone: str) -> tuple[str, str]:
    """Return the start (UTC) and the trade date of a bar."""
    exchange, local = exchange_of(symbol), datetime.fromisoformat(text)
    if interval == "1d":
        start = local.replace(tzinfo=ZoneInfo(exchange.zone if exchange else zone))
        return f"{start.astimezone(UTC):%Y-%m-%d %H:%M:%S}", text
    start = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    there = start.astimezone(ZoneInfo(exchange.zone if exchange else zone))
    return f"{start:%Y-%m-%d %H:%M:%S}", str(trade_date(exchange, there))


def test_both_ways_of_decoding_agree_with_the_pure_function(spark_session: SparkSession) -> None:
    bars = [(symbol, *stamp) for symbol in SYMBOLS for stamp in stamps(symbol)]
    random.Random(1).shuffle(bars)  # noqa: S311 - test data
    events = [
        bar(symbol=symbol, interval=interval, exchange_time=text, exchange_tz=zone)
        for symbol, interval, text, zone in bars
    ]
    rows: list[tuple[object, ...]] = [
        (0, offset, SENT_AT, event.key(), event.to_json()) for offset, event in enumerate(events)
    ]
    wanted = {offset: expected(*each) for offset, each in enumerate(bars)}

    fast = fast_outcomes(as_records(rows))
    frame = spark_session.createDataFrame(rows, SPARK_COLUMNS)

    for found in (fast, outcomes(decode(frame)).toArrow()):
        assert found.column("reason").null_count == len(bars)
        assert told(found) == wanted


def as_records(rows: list[tuple[object, ...]]) -> pa.RecordBatch:
    """Return rows of RECORDS."""
    columns = [
        pa.array(column, field.type)
        for column, field in zip(zip(*rows, strict=True), RECORDS, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=RECORDS)


def told(found: pa.RecordBatch | pa.Table) -> dict[object, tuple[str, str]]:
    """Return the start (UTC) and the trade date of each record, by its offset."""
    lines = [values(line) for line in found.column("line").to_pylist()]
    return {
        line["kafka_offset"]: (f"{line['bar_time']:%Y-%m-%d %H:%M:%S}", str(line["session_date"]))
        for line in lines
    }


# New York's clock: from when to when bars belong to a trade date. The night in which clocks are put
# back, Thanksgiving and its half day, and a half day before a holiday.
WEEKS = [
    ("2026-10-30 04:00", "2026-10-30 20:00", "2026-10-30"),
    ("2026-11-01 20:00", "2026-11-02 20:00", "2026-11-02"),
    ("2026-11-22 20:00", "2026-11-23 20:00", "2026-11-23"),
    ("2026-11-23 20:00", "2026-11-24 20:00", "2026-11-24"),
    ("2026-11-24 20:00", "2026-11-25 20:00", "2026-11-25"),
    ("2026-11-26 20:00", "2026-11-27 17:00", "2026-11-27"),
    ("2026-12-23 20:00", "2026-12-24 17:00", "2026-12-24"),
    ("2026-12-27 20:00", "2026-12-28 20:00", "2026-12-28"),
]


SPANS = [
    ("2026-10-30 04:00", "2026-11-02 20:00"),
    ("2026-11-22 00:00", "2026-11-29 00:00"),
    ("2026-12-23 20:00", "2026-12-28 20:00"),
]


def test_every_bar_of_weeks_with_nights_is_on_its_trade_date() -> None:
    now = datetime(2026, 12, 29, 12, tzinfo=UTC)
    simulated = SimulatedBars(1, load_sessions(now), overnight=True)
    printed = takewhile(
        lambda each: each.time >= "2026-10-30", simulated.intraday("AAPL", 5, True, None, now)
    )
    times = [each.time for each in printed for first, last in SPANS if first <= each.time < last]
    # None lies outside of the hours in which there is trade.
    wanted = [day for time in times for begins, ends, day in WEEKS if begins <= time < ends]
    assert len(wanted) == len(times) > 1_500

    events = [bar(exchange_time=time) for time in times]
    rows: list[tuple[object, ...]] = [
        (0, offset, SENT_AT, event.key(), event.to_json()) for offset, event in enumerate(events)
    ]
    read = told(fast_outcomes(as_records(rows)))
    assert [read[offset][1] for offset in range(len(times))] == wanted
