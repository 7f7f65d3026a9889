"""A peer: Kafka Connect with Debezium's JDBC sink, upserts of whole batches by unnest.

It is given what it reads best: a topic of its own, whose flat JSON has a field for each column and
the types that Connect knows, with the schema in the settings rather than in each record.
One column is left to its default.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psycopg2
from confluent_kafka import Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    NewTopic,
)

from scripts.benchmarking.peers.peer import Target, report
from scripts.benchmarking.sample import samples
from scripts.launcher.paths import CONNECT_JARS, KAFKA_JARS
from scripts.local_stack.servers.ports import HOST, free_ports
from services.stream.decoding.copy_text import LINE_COLUMNS

_TOPIC = "bench.flat"
_BATCH = 10_000
_LOOK_SECONDS = 0.25
_PRICE = {"type": "bytes", "name": "org.apache.kafka.connect.data.Decimal", "version": 1}
_INSTANT = {"type": "string", "name": "io.debezium.time.ZonedTimestamp", "version": 1}
_TYPES: dict[str, dict[str, Any]] = {
    "symbol": {"type": "string"},
    "bar_time": _INSTANT,
    "interval": {"type": "string"},
    **{name: _PRICE | {"parameters": {"scale": "4"}} for name in ("open", "high", "low", "close")},
    "volume": {"type": "int64"},
    "source": {"type": "string"},
    "freshness": {"type": "string"},
    "basis": {"type": "string"},
    "is_final": {"type": "boolean"},
    "observed_at": _INSTANT,
    "kafka_partition": {"type": "int32"},
    "kafka_offset": {"type": "int64"},
}
# Its unnest cannot write a date, in none of the forms that its other ways take.
_LEFT_OUT = "session_date"
_DEFAULT = b"alter table market.events_stream alter session_date set default current_date"
_WRITTEN = b"""
select sum(pg_stat_get_tuples_inserted(inhrelid))::bigint from pg_inherits
where inhparent = 'market.events_stream'::regclass
"""


def main(arguments: list[str]) -> None:
    """Fill a topic, then let Connect drain it into the table and tell how far it has come."""
    target = Target.parse(arguments)
    _fill(target)
    with psycopg2.connect(target.dsn()) as connection, connection.cursor() as cursor:
        cursor.execute(_DEFAULT)
    folder = Path.cwd() / "connect"
    with tarfile.open(next(CONNECT_JARS.glob("debezium-*.tar.gz"))) as archive:
        archive.extractall(folder / "plugins", filter="data")
    address = f"http://{HOST}:{free_ports(1)[0]}"
    files = {"worker": _worker(target, folder, address), "sink": _sink(target)}
    for name, settings in files.items():
        text = "".join(f"{key}={value}\n" for key, value in settings.items())
        (folder / f"{name}.properties").write_text(text, encoding="utf-8")
    connect = subprocess.Popen(_command(folder))
    try:
        _watch(target, address)
    finally:
        connect.terminate()
        connect.wait(20)


def _fill(target: Target) -> None:
    admin = AdminClient({"bootstrap.servers": target.bootstrap})
    admin.create_topics([NewTopic(_TOPIC, target.partitions, 1)])[_TOPIC].result()
    producer = Producer(
        {"bootstrap.servers": target.bootstrap, "queue.buffering.max.messages": 2_000_000}
    )
    for number, sample in enumerate(samples(target.count)):
        producer.produce(_TOPIC, flat(sample.line(0, number)), sample.symbol)
        if number % 10_000 == 0:
            producer.poll(0)
    if producer.flush(120):
        raise RuntimeError(f"Kafka did not take every bar of {_TOPIC}")


def flat(line: str) -> str:
    """Return a line's values as JSON: prices are numbers, times ISO 8601."""
    values = dict(zip(LINE_COLUMNS, line.rstrip("\n").split("\t"), strict=True))
    del values[_LEFT_OUT]
    values["bar_time"] = f"{values['bar_time'].replace(' ', 'T')}Z"
    fields = (
        f'"{name}":"{text}"' if _TYPES[name]["type"] == "string" else f'"{name}":{text}'
        for name, text in values.items()
    )
    return f"{{{','.join(fields)}}}"


def _worker(target: Target, folder: Path, address: str) -> dict[str, str]:
    schema = {"type": "struct", "fields": [kind | {"field": at} for at, kind in _TYPES.items()]}
    return {
        "bootstrap.servers": target.bootstrap,
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "true",
        "value.converter.schema.content": json.dumps(schema),
        "offset.storage.file.filename": str(folder / "offsets"),
        "plugin.path": str(folder / "plugins"),
        "listeners": address,
    }


def _sink(target: Target) -> dict[str, str]:
    return {
        "name": "bars",
        "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
        "tasks.max": str(len(os.sched_getaffinity(0))),
        "topics": _TOPIC,
        "connection.url": target.jdbc(),
        "connection.username": "postgres",
        "connection.password": target.password(),
        "collection.name.format": "market.events_stream",
        "insert.mode": "upsert",
        "primary.key.mode": "record_value",
        "primary.key.fields": "symbol,interval,bar_time",
        "schema.evolution": "none",
        "use.reduction.buffer": "true",
        "dialect.postgres.unnest.insert.enabled": "true",
        "batch.size": str(_BATCH),
        "consumer.override.max.poll.records": str(_BATCH),
        "consumer.override.max.partition.fetch.bytes": str(8 * 1024**2),
        "consumer.override.fetch.max.bytes": str(64 * 1024**2),
    }


def _command(folder: Path) -> list[str]:
    return [
        str(Path(os.environ["JAVA_HOME"]) / "bin" / "java"),
        # As connect-standalone.sh of Kafka starts it.
        *shlex.split("-Xms256M -Xmx2G -XX:+UseG1GC -XX:MaxGCPauseMillis=20"),
        *("-cp", f"{KAFKA_JARS}/*:{CONNECT_JARS}/*"),
        "org.apache.kafka.connect.cli.ConnectStandalone",
        *(str(folder / f"{name}.properties") for name in ("worker", "sink")),
    ]


def _watch(target: Target, address: str) -> None:
    # PostgreSQL counts rows for nothing, but a second late; only the end is counted by hand.
    connection = psycopg2.connect(target.dsn())
    connection.autocommit = True
    seen, before = 0, 0
    while seen < target.count:
        time.sleep(_LOOK_SECONDS)
        with connection.cursor() as cursor:
            near = seen >= 0.9 * target.count
            cursor.execute(b"select count(*) from market.events_stream" if near else _WRITTEN)
            (seen,) = cursor.fetchone() or (0,)
        if seen != before:
            before = seen
            report(seen)
        elif (failure := _failure(address)) is not None:
            raise RuntimeError(failure)


def _failure(address: str) -> str | None:
    """Return why a task failed; Connect itself goes on without it."""
    try:
        url = f"{address}/connectors/bars/status"
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - its own address
            tasks = json.load(answer)["tasks"]
    except URLError:
        return None  # it is still starting
    return next((task["trace"] for task in tasks if task["state"] == "FAILED"), None)


if __name__ == "__main__":
    main(sys.argv[1:])
