"""A peer: kafka-python, json and `execute_values … ON CONFLICT`, as most tutorials drain Kafka."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

import psycopg2
from kafka import KafkaConsumer, TopicPartition
from psycopg2.extras import execute_values

from scripts.benchmarking.peers.peer import COLUMNS, Target, report, upsert
from services.common.market.bar import price_basis

BATCH = 10_000
_STATEMENT = f"insert into market.events_stream as bar ({COLUMNS}) values %s {upsert('bar')}"


def main(arguments: list[str]) -> None:
    """Drain the topic into the table, telling how far each commit has come."""
    target = Target.parse(arguments)
    consumer = KafkaConsumer(
        bootstrap_servers=target.bootstrap,
        auto_offset_reset="none",
        enable_auto_commit=False,
        max_poll_records=BATCH,
        fetch_max_bytes=64 * 1024**2,
        max_partition_fetch_bytes=8 * 1024**2,
    )
    places = [TopicPartition(target.topic, item) for item in range(target.partitions)]
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    connection = psycopg2.connect(target.dsn())
    done, rows = 0, list[tuple[Any, ...]]()
    while done < target.count:
        for records in consumer.poll(timeout_ms=500, max_records=BATCH).values():
            rows += [_row(record) for record in records]
        if len(rows) >= BATCH or done + len(rows) >= target.count:
            newest = {row[:3]: row for row in rows}
            with connection, connection.cursor() as cursor:
                execute_values(cursor, _STATEMENT, list(newest.values()), page_size=1000)
            done, rows = done + len(rows), []
            report(done)


def _row(record: Any) -> tuple[Any, ...]:
    event = json.loads(record.value)
    prices = event["ohlcv"]
    return (
        event["symbol"],
        datetime.fromisoformat(event["exchange_time"] + "+00:00"),
        event["interval"],
        *(prices[name] for name in ("open", "high", "low", "close", "volume")),
        event["exchange_time"][:10],
        event["source"],
        event["freshness"],
        price_basis(event["adjusted"], None),
        event["is_final"],
        event["observed_at"],
        record.partition,
        record.offset,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
