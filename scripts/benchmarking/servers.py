"""A Kafka and a PostgreSQL of the benchmark's own, on free ports, in a folder that goes again."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    NewTopic,
)

from scripts.benchmarking.sample import PARTITIONS, Sample
from scripts.installation.java import Java, require_java
from scripts.launcher.paths import CONNECTOR_JARS, KAFKA_JARS, ROOT, SPARK_CLASS_ARCHIVE, VENV
from scripts.local_stack.servers import (
    database,
    kafka_broker,
    kafka_client,
    postgres_server,
    processes,
)
from scripts.local_stack.servers.passwords import ADMINISTRATOR, make_passwords, read_password
from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.processes import Child, Command
from services.common import topics
from services.stream.settings import PostgresAddress
from sql import migrate

PYTHON = VENV / "bin" / "python"
_START_SECONDS = 60
# A plain table such as peers write to: the same columns, key, index and years as ours, without
# the trigger that keeps replaced values.
_PEER_TABLE = "drop trigger keep_replaced_bars on market.events_stream"


@dataclass(frozen=True)
class Servers:
    """The running servers."""

    directory: Path
    java: Java
    bootstrap: str
    login: database.Login
    passwords: dict[str, Path]
    children: dict[str, Child]

    def make_database(self, name: str, peer: bool = False) -> database.Login:
        """Return the administrator's login to a fresh database with the pipeline's schema."""
        passwords = {role: read_password(file) for role, file in self.passwords.items()}
        admin_password = passwords.pop(ADMINISTRATOR)
        settings = migrate.Settings(
            HOST, self.login.port, name, ADMINISTRATOR, admin_password, passwords
        )
        migrate.migrate(settings, logging.getLogger("migrate"))
        login = replace(self.login, database=name)
        with database.connect(login) as connection:
            if peer:
                connection.execute(_PEER_TABLE)
            connection.execute("checkpoint")
        return login

    def drop_database(self, login: database.Login) -> None:
        """Remove a database, so that the disk does not fill."""
        with database.connect(self.login) as connection:
            connection.execute(f"drop database {login.database} with (force)".encode())

    def writer(self, login: database.Login) -> PostgresAddress:
        """Return the address of the stream's role in a database."""
        password = read_password(self.passwords["stream_writer"])
        return PostgresAddress(HOST, login.port, login.database, "stream_writer", password)

    def make_topics(self, *names: str) -> None:
        """Create topics, each with the partitions of the real one."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        existing = admin.list_topics().topics
        wanted = [NewTopic(name, PARTITIONS, 1) for name in names if name not in existing]
        for future in (admin.create_topics(wanted) if wanted else {}).values():
            future.result()

    def remake_topic(self, name: str) -> None:
        """Make a topic anew, empty."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        if name in admin.list_topics().topics:
            admin.delete_topics([name])[name].result()
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                admin.create_topics([NewTopic(name, PARTITIONS, 1)])[name].result()
            except KafkaException:
                # A deleted topic's name is free again only after a moment.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def fill(self, topic: str, bars: Iterator[Sample]) -> None:
        """Send bars, keyed by symbol."""
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "acks": "all",
                "linger.ms": 20,
                "log_level": 4,  # warnings, not that it ends
                "batch.size": 500_000,
                "queue.buffering.max.messages": 2_000_000,
            }
        )
        for number, sample in enumerate(bars):
            producer.produce(topic, sample.event(), sample.symbol)
            if number % 10_000 == 0:
                producer.poll(0)
        if producer.flush(120):
            raise RuntimeError(f"Kafka did not take every bar of {topic}")

    def stream(self, login: database.Login, name: str, **extra: str) -> Command:
        """Return the real job on a database, with a checkpoint of its own."""
        return self.service(
            "services.stream.main",
            name,
            CHECKPOINT_DIR=str(self.directory / f"checkpoint-{name}"),
            **self.stream_settings(login),
            **extra,
        )

    def stream_settings(self, login: database.Login) -> dict[str, str]:
        """Return the stream's settings for a database, in environment variables."""
        return {
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "POSTGRES_PORT": str(login.port),
            "POSTGRES_DB": login.database,
            "POSTGRES_PASSWORD_FILE": str(self.passwords["stream_writer"]),
            "CONNECTOR_JARS_DIR": str(CONNECTOR_JARS),
            "SPARK_CLASS_ARCHIVE": str(SPARK_CLASS_ARCHIVE),
            "SPARK_LOCAL_DIRS": str(self.directory / "spark"),
        }

    def service(self, module: str, name: str, *arguments: str, **own: str) -> Command:
        """Return a Python process of the checkout."""
        return Command(
            name=name,
            arguments=[str(PYTHON), "-P", "-m", module, *arguments],
            log=self.directory / "logs" / f"{name}.log",
            environment={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHONUNBUFFERED": "1",
                "JAVA_HOME": str(self.java.home),
                "PYSPARK_PYTHON": str(PYTHON),
                **own,
            },
            directory=self.directory,
        )


@contextmanager
def running(directory: Path) -> Iterator[Servers]:
    """Run both servers. Raises SetupError."""
    java = require_java(os.environ)
    kafka_port, controller_port, postgres_port = free_ports(3)
    passwords = make_passwords(directory / "secrets")
    logs = directory / "logs"
    broker = kafka_broker.Broker(
        java.program, KAFKA_JARS, directory / "kafka", logs, kafka_port, controller_port
    )
    cluster = postgres_server.Cluster(
        directory / "postgres", logs, postgres_port, passwords[ADMINISTRATOR]
    )
    login = database.Login(
        HOST, postgres_port, "postgres", ADMINISTRATOR, read_password(passwords[ADMINISTRATOR])
    )
    children = {"kafka": kafka_broker.start(broker)}
    try:
        children["postgres"] = postgres_server.start(cluster)
        processes.wait_until(lambda: database.is_ready(login), children["postgres"], _START_SECONDS)
        processes.wait_until(
            lambda: kafka_client.is_listening(broker.bootstrap), children["kafka"], _START_SECONDS
        )
        servers = Servers(directory, java, broker.bootstrap, login, passwords, children)
        servers.make_topics(topics.REJECTED.name)
        yield servers
    finally:
        processes.stop(list(children.values()), 15)
