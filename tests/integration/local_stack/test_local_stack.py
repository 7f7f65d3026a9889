"""The servers that everything else is tested on: real, private, lasting, gone afterwards."""

from __future__ import annotations

import json
import logging
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from scripts.installation.java import Java
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import KAFKA_JARS, ROOT
from scripts.local_stack.servers import (
    database,
    kafka_broker,
    kafka_client,
    postgres_server,
    process_table,
    processes,
)
from scripts.local_stack.servers.passwords import ADMINISTRATOR, make_passwords, read_password
from scripts.local_stack.servers.ports import HOST, free_ports
from services.common.secret import Secret
from tests.fixtures.servers import Postgres
from tests.integration.local_stack.awaiting import SECONDS, await_


@pytest.fixture(autouse=True)
def quiet_kafka() -> None:
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def test_kafka_keeps_what_it_was_given(java: Java, tmp_path: Path) -> None:
    place = TopicPartition("kept", 0)
    for run in range(2):
        ports = free_ports(2)
        broker = kafka_broker.Broker(java.program, KAFKA_JARS, tmp_path, tmp_path, *ports)
        child = kafka_broker.start(broker)
        try:
            processes.wait_until(
                lambda to=broker.bootstrap: kafka_client.is_listening(to),  # type: ignore[misc]
                child,
                SECONDS,
            )
            if run == 0:
                with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
                    admin.create_topics({"kept": {"num_partitions": 1}}, wait_for_metadata=True)
                producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
                producer.send("kept", key=b"k", value=b"v").get(SECONDS)
                producer.close()
            consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, consumer_timeout_ms=20_000)
            consumer.assign([place])
            consumer.seek_to_beginning(place)
            record = next(consumer)
            assert (record.key, record.value, record.offset) == (b"k", b"v", 0)
            consumer.close()
        finally:
            processes.stop([child], grace_seconds=20)
        assert child.process.returncode == 143  # Java's answer to SIGTERM: stopped in order


def test_offsets_of_a_topic(kafka: str) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.create_topics({"offsets": {"num_partitions": 2}}, wait_for_metadata=True)
    producer = KafkaProducer(bootstrap_servers=kafka, acks="all")
    for _ in range(3):
        producer.send("offsets", value=b"v", partition=1).get(SECONDS)
    producer.close()
    offsets = kafka_client.Offsets(kafka, "offsets", 2)
    assert offsets.beginnings() == {0: 0, 1: 0}
    assert offsets.ends() == {0: 0, 1: 3}
    offsets.close()


def test_postgres_asks_for_a_password(postgres: Postgres) -> None:
    login = postgres.login
    wrong = database.Login(login.host, login.port, login.database, login.user, Secret("wrong"))
    assert not database.is_ready(wrong)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        database.connect(wrong)


def test_postgres_listens_on_loopback_alone(postgres: Postgres) -> None:
    listening = f":{postgres.login.port:04X} "
    lines = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        if Path(table).exists()
        for line in Path(table).read_text().splitlines()
        if listening in line and line.split()[3] == "0A"
    ]
    assert lines == [f"{int.from_bytes(socket.inet_aton(HOST), 'little'):08X}{listening.strip()}"]


def test_postgres_is_durable_and_keeps_what_it_was_given(tmp_path: Path) -> None:
    names = ("data_checksums", "fsync", "synchronous_commit", "server_encoding", "timezone")
    closed = tmp_path / "closed"  # to everyone but its owner
    closed.mkdir(mode=0o700)
    files = make_passwords(closed / "secrets")
    for run in range(2):
        (port,) = free_ports(1)
        cluster = postgres_server.Cluster(closed / "pg", closed, port, files[ADMINISTRATOR])
        password = read_password(files[ADMINISTRATOR])
        login = database.Login(HOST, port, "postgres", ADMINISTRATOR, password)
        child = postgres_server.start(cluster)
        try:
            processes.wait_until(
                lambda login=login: database.is_ready(login),  # type: ignore[misc]
                child,
                SECONDS,
            )
            with database.connect(login) as connection:
                shown = [connection.execute(f"SHOW {name}".encode()).fetchone() for name in names]
                assert shown == [("on",), ("on",), ("on",), ("UTF8",), ("UTC",)]
                if run == 0:
                    connection.execute("CREATE TABLE kept AS SELECT 1 AS value")
                assert connection.execute("SELECT value FROM kept").fetchall() == [(1,)]
        finally:
            processes.stop([child], grace_seconds=20)
        assert child.process.returncode == 0
    assert sorted(path.name for path in (closed / "pg").iterdir()) == ["cluster"]
    assert stat.S_IMODE((closed / "pg" / "cluster").stat().st_mode) == 0o700


def test_a_database_of_another_user_is_refused(tmp_path: Path) -> None:
    files = make_passwords(tmp_path / "secrets")
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "cluster").symlink_to("/")  # root's, as whom PostgreSQL never runs
    cluster = postgres_server.Cluster(tmp_path / "pg", tmp_path, 1, files[ADMINISTRATOR])
    with pytest.raises(SetupError, match="uid 0"):
        postgres_server.start(cluster)


def test_no_server_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import json, time; from pathlib import Path\n"
        "from scripts.local_stack.servers import database, kafka_broker, postgres_server\n"
        "from scripts.local_stack.servers import processes\n"
        "from scripts.installation.java import require_java\n"
        "from scripts.launcher.paths import KAFKA_JARS\n"
        "from scripts.local_stack.servers.passwords import make_passwords, read_password\n"
        "from scripts.local_stack.servers.ports import free_ports\n"
        "import os\n"
        f"base = Path({str(tmp_path)!r}); pg, a, b = free_ports(3)\n"
        "files = make_passwords(base / 'secrets')\n"
        "java = require_java(os.environ).program\n"
        "broker = kafka_broker.Broker(java, KAFKA_JARS, base / 'kafka', base, a, b)\n"
        "cluster = postgres_server.Cluster(base / 'pg', base, pg, files['postgres'])\n"
        "children = [kafka_broker.start(broker), postgres_server.start(cluster)]\n"
        "login = database.Login('127.0.0.1', pg, 'postgres', 'postgres',\n"
        "    read_password(files['postgres']))\n"
        "processes.wait_until(lambda: database.is_ready(login), children[1], 60)\n"
        "print(json.dumps([child.process.pid for child in children]), flush=True)\n"
        "time.sleep(1000)"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as parent:
        assert parent.stdout is not None
        servers = json.loads(parent.stdout.readline())
        entries = process_table.running()
        family = {pid for server in servers for pid in process_table.descendants(server, entries)}
        assert len(family) > 2
        parent.kill()
    await_(lambda: not family & {entry.pid for entry in process_table.running()})
