"""A peer: confluent-kafka, orjson, COPY into a temporary table and a merge; Python at its best."""

from __future__ import annotations

import io
import sys
from typing import Any

import orjson
import psycopg2
from confluent_kafka import Consumer, TopicPartition

from scripts.benchmarking.peers.peer import COLUMNS, Target, report, upsert
from services.common.market.bar import price_basis

BATCH = 50_000
_STAGING = f"""
create temporary table staged on commit delete rows as
select {COLUMNS} from market.events_stream with no data
"""
_COPY = f"copy staged ({COLUMNS}) from stdin"
_MERGE = f"""
insert into market.events_stream as bar ({COLUMNS})
select distinct on (symbol, interval, bar_time) {COLUMNS} from staged
order by symbol, interval, bar_time, observed_at desc {upsert("bar")}
"""


def main(arguments: list[str]) -> None:
    """Drain the topic into the table, telling how far each commit has come."""
    target = Target.parse(arguments)
    consumer = Consumer(
        {
            "bootstrap.servers": target.bootstrap,
            "group.id": "bench",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "queued.min.messages": 200_000,
            "fetch.message.max.bytes": 8 * 1024**2,
        }
    )
    consumer.assign([TopicPartition(target.topic, item, 0) for item in range(target.partitions)])
    connection = psycopg2.connect(target.dsn())
    with connection, connection.cursor() as cursor:
        cursor.execute(_STAGING)
    done, lines = 0, list[str]()
    while done < target.count:
        lines += [_line(message) for message in consumer.consume(10_000, timeout=0.5)]
        if len(lines) >= BATCH or done + len(lines) >= target.count:
            with connection, connection.cursor() as cursor:
                cursor.copy_expert(_COPY, io.BytesIO("".join(lines).encode()))
                cursor.execute(_MERGE)
            done, lines = done + len(lines), []
            report(done)


def _line(message: Any) -> str:
    if message.error() is not None:
        raise RuntimeError(str(message.error()))
    event = orjson.loads(message.value())
    prices = event["ohlcv"]
    return (
        f"{event['symbol']}\t{event['exchange_time']}+00\t{event['interval']}\t{prices['open']}\t"
        f"{prices['high']}\t{prices['low']}\t{prices['close']}\t{prices['volume']}\t"
        f"{event['exchange_time'][:10]}\t{event['source']}\t{event['freshness']}\t"
        f"{price_basis(event['adjusted'], None)}\t{event['is_final']}\t{event['observed_at']}\t"
        f"{message.partition()}\t{message.offset()}\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
