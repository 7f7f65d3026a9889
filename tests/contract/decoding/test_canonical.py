"""The short way and the long way read the same bar out of the same event."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from services.common.market import bar
from services.common.market.bar import Bar
from services.stream.decoding.event_json import read_event
from services.stream.decoding.spark_decode import decode
from tests.bars import GOOD
from tests.bars import bar as changed

COLUMNS = "key binary, value binary, partition int, offset bigint, timestamp timestamp"
SENT_AT = datetime(2025, 11, 7, tzinfo=UTC)

BARS = [
    GOOD,
    *(changed(interval=name) for name in bar.INTERVALS if name != "1d"),
    changed(interval="1d", exchange_time="2025-11-06"),
    *(changed(exchange_tz=zone) for zone in bar.EXCHANGE_ZONES),
    *(changed(source=source) for source in bar.SOURCES),
    *(changed(freshness=freshness) for freshness in bar.FRESHNESS),
    *(
        changed(adjusted=adjusted, is_final=final)
        for adjusted in (True, False)
        for final in (True, False)
    ),
    *(changed(symbol=symbol) for symbol in ("BRK-B", "TSCO.LON", "M&M.BSE", "^GSPC", "A" * 16)),
    changed({"open": "1", "high": "9" * 10 + ".99999999", "low": "0.5", "close": "1.10000000"}),
    changed({"volume": "0"}),
    changed({"volume": "6321507.562155"}),
    changed({"volume": "1185.0"}),
    changed({"volume": "9" * 10}),
    changed(observed_at="2025-11-06T21:00:03Z"),
    changed(observed_at="2025-11-06T21:00:03.123456Z"),
    # Bad in ways that only values can tell.
    changed(exchange_time="2025-02-31 10:00:00"),
    changed(exchange_time="2025-03-09 02:30:00"),
    changed(exchange_time="2025-11-02 01:30:00"),
    changed(observed_at="2025-11-31T21:00:03Z"),
    changed({"high": "1"}),
    changed({"low": "0"}),
]


def spaced(event: Bar) -> bytes:
    """Return the event as another program might write it."""
    return json.dumps(json.loads(event.to_json()), indent=1).encode()


def test_both_ways_read_the_same(spark_session: SparkSession) -> None:
    rows = [
        (event.key(), value, 0, offset, SENT_AT)
        for offset, event in enumerate(BARS)
        for value in (event.to_json(), spaced(event))
    ]
    records = spark_session.createDataFrame(rows, COLUMNS)
    ways = read_event(records).groupBy("canonical").count().collect()
    assert {row["canonical"]: row["count"] for row in ways} == {True: len(BARS), False: len(BARS)}

    read = decode(records).drop("value").orderBy("offset").collect()

    assert read[::2] == read[1::2]


def test_what_is_almost_the_producers_form_takes_the_long_way(spark_session: SparkSession) -> None:
    text = GOOD.to_json().decode()
    odd = [
        text + "\n",
        " " + text,
        text.replace('"AAPL"', '"AAPL\\u0041"'),
        text.replace('"18345"', '"99999999999999999999"'),
        text.replace('"18345"', "null"),
        text.replace('"schema_version":1', '"schema_version":1,"adjusted_as_of":"2025-11-06"'),
        text.replace('"schema_version":1', '"schema_version":2'),
        text.replace("true", "True", 1),
        text.replace("2025-11-06 15:55:00", "2025-11-06"),
        replace(GOOD, symbol="aapl").to_json().decode(),
    ]
    records = spark_session.createDataFrame(
        [(b"AAPL", value.encode(), 0, 0, SENT_AT) for value in odd], COLUMNS
    )
    assert read_event(records).where(F.col("canonical")).count() == 0
