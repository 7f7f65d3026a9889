"""The pipeline on a Kafka with TLS, users and ACLs: bars go through, and no password is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka import KafkaProducer

from scripts.installation.java import Java
from scripts.launcher.paths import ROOT
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import HOST, free_ports
from services.common import topics
from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.settings import read_cluster
from services.common.settings import Environment
from services.producer.series import Series
from services.stream.broker import RightMissingError, read_records, topic_facts
from services.stream.records import RejectedRecord
from services.stream.sink.rejected_topic import RejectedTopic
from tests.bars import record
from tests.fixtures.live import Stream, end, log_of, places, wait_for
from tests.fixtures.market import Market
from tests.fixtures.secured_kafka import CANARY, SecuredKafka
from tests.integration.stream.many_bars import many
from tests.unit.producer.fakes import document, endpoint, reply

_BAR = {"2025-11-06 19:55:00": ("269.80", "270.10", "269.75", "270.05", "18345")}
_PAGES = (
    "jobs/",
    "stages/",
    "environment/",
    "executors/",
    "SQL/",
    "SQL/execution/?id=0",
    "StreamingQuery/",
)
_FACTS = ("environment", "sql?details=true&planDescription=true", "jobs", "stages?details=true")


@pytest.fixture
def stream(
    secured_kafka: SecuredKafka,
    java: Java,
    market: Market,
    stream_variables: dict[str, str],
    tmp_path: Path,
) -> Iterator[Stream]:
    """Return a stream whose every word is kept: log, event log, pages."""
    [port] = free_ports(1)
    (tmp_path / "events").mkdir()
    options = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": (tmp_path / "events").as_uri(),
        "spark.ui.port": str(port),
    }
    submit = " ".join(f"--conf {name}={value}" for name, value in options.items())
    environment = {
        **os.environ,
        **stream_variables,
        **secured_kafka.variables("stream"),
        **places(java, market, tmp_path),
        "PYSPARK_SUBMIT_ARGS": f"{submit} pyspark-shell",
        "SPARK_UI": "true",
        "LOG_LEVEL": "DEBUG",
        # Also large batches go through the executors then.
        "DRIVER_ROWS": "10",
        "PAGES": f"http://127.0.0.1:{port}",
    }
    running = Stream(environment, tmp_path, market)
    yield running
    processes.stop(running.children, grace_seconds=20)


def publish(
    kafka: SecuredKafka, directory: Path, **changed: str
) -> subprocess.CompletedProcess[str]:
    """Let the producer poll a vendor once, that has one bar."""
    answer = json.dumps(document(Series("AAPL", "5min"), _BAR)).encode()
    with endpoint(reply(answer)) as vendor:
        return subprocess.run(
            [sys.executable, "-m", "services.producer.main", "--once"],
            env={
                "PATH": os.environ["PATH"],
                "ALPHA_VANTAGE_KEY": "key",
                "ALPHA_VANTAGE_PLAN": "150",
                "ALPHA_VANTAGE_URL": vendor.url,
                "CORPORATE_ACTIONS": "false",
                "PRODUCER_STATE_DIR": str(directory / "producer"),
                "SYMBOLS": "AAPL",
                "LOG_LEVEL": "DEBUG",
                **kafka.variables("producer"),
                **changed,
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )


def send(kafka: SecuredKafka, *records: tuple[bytes, bytes]) -> None:
    """Send records to the bars' topic, with the rights of the producer."""
    with KafkaProducer(**cluster(kafka, "producer").python_options(), acks="all") as producer:
        sent = [producer.send(topics.BARS.name, key=key, value=value) for key, value in records]
        for future in sent:
            future.get(timeout=30)


def cluster(kafka: SecuredKafka, user: str) -> KafkaCluster:
    return read_cluster(Environment(kafka.variables(user)))


def dead_letters(kafka: SecuredKafka) -> list[tuple[bytes | None, bytes | None]]:
    """Return what is in the dead-letter topic, read by who may read everything."""
    everything = KafkaCluster((f"{HOST}:{kafka.plain_port}",))
    facts = topic_facts(everything, topics.REJECTED.name)
    assert facts is not None
    records = read_records(everything, topics.REJECTED.name, 0, facts.offsets[0])
    return [(each.key, each.value) for each in records]


def pages(base: str) -> Iterator[str]:
    """Yield Spark's pages of the job, and what its API tells."""
    [application] = json.loads(fetched(f"{base}/api/v1/applications"))
    of_it = f"api/v1/applications/{application['id']}/"
    for path in (*_PAGES, *(of_it + fact for fact in _FACTS)):
        yield fetched(f"{base}/{path}")


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - our own
        return str(answer.read().decode())


def of_processes() -> Iterator[str]:
    """Yield the command line and the environment of every process that may be looked into."""
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                yield (process / name).read_bytes().decode(errors="replace")
            except OSError:
                continue  # it has ended, or is another user's


def test_dead_letters_wait_for_a_right_and_go_on_with_it(secured_kafka: SecuredKafka) -> None:
    secured_kafka.make_topics()
    name = topics.REJECTED.name
    letter = RejectedRecord(0, 7, datetime.now(tz=UTC), b"AAPL", b"late", "malformed_json")
    with closing(RejectedTopic(cluster(secured_kafka, "stream"), topics.BARS.name)) as rejected:
        secured_kafka.withdraw("stream", name, "Write")
        with pytest.raises(RightMissingError, match=f"lacks the right Write on the topic {name}"):
            rejected.publish([letter])
        secured_kafka.allow("stream", (name, "Write"))
        rejected.publish([letter])
    assert dead_letters(secured_kafka)[-1] == (b"AAPL", b"late")


def test_bars_go_through_and_no_password_is_shown(
    secured_kafka: SecuredKafka, stream: Stream, tmp_path: Path
) -> None:
    (tmp_path / "wrong").write_text("wr0ng", "utf-8")
    wrong = {"KAFKA_PASSWORD_FILE": str(tmp_path / "wrong")}
    secured_kafka.make_topics()
    refused = publish(secured_kafka, tmp_path, **wrong)
    assert refused.returncode == 2
    assert "refuses the user producer (" in refused.stdout
    published = publish(secured_kafka, tmp_path)
    assert published.returncode == 0, published.stdout
    bad = (b"AAPL", b"no bar")
    send(secured_kafka, *map(record, many(30)), bad)
    refusing = stream.start(**wrong)
    assert refusing.process.wait() == 2
    assert "refuses the user stream (" in log_of(refusing).splitlines()[-1]

    child = stream.start()
    stream.wait_for_offset(32)

    count = "select count(*)::int from market."
    assert stream.market.rows(f"{count}events_stream") == [(31,)]
    assert stream.market.rows(f"{count}rejected_events") == [(1,)]
    assert dead_letters(secured_kafka)[-1:] == [bad]
    shown = [*pages(stream.environment["PAGES"]), *of_processes()]

    name = topics.BARS.name
    secured_kafka.withdraw("stream", name, "Read")
    lacking = f"the user stream lacks the right Describe on the topic {name}; add that ACL"
    wait_for(lambda: lacking in log_of(child), "the line that names the right")
    assert "has the right Read on the topic (an ACL)" in log_of(child)
    secured_kafka.allow("stream", (name, "Read"))
    send(secured_kafka, *map(record, many(1, 30)))
    stream.wait_for_offset(33)
    assert stream.market.rows(f"{count}events_stream") == [(32,)]

    stream.reconcile()
    replayed = stream.run("services.stream.replay", "--from", "1h", "--dry-run", PAGES="")
    assert "0 new, 0 changed, 32 equal or older, 1 rejected" in replayed.stdout, replayed.stdout
    quotes = stream.run("services.stream.replay", "--quotes", "--dry-run")
    assert quotes.returncode == 0, quotes.stdout
    assert end(child)[0] == 0

    events = [file for file in (tmp_path / "events").rglob("*") if file.is_file()]
    assert any("KafkaV2" in file.read_text("utf-8") for file in events)
    shown += [
        file.read_bytes().decode(errors="replace") for file in tmp_path.rglob("*") if file.is_file()
    ]
    shown += [one.stdout + one.stderr for one in (refused, published, replayed, quotes)]
    assert [text for text in shown if CANARY in text] == []
    assert all("Traceback" not in one.stdout for one in (refused, published, replayed, quotes))
