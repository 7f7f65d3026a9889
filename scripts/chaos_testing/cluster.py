"""The pipeline under test: Kafka, PostgreSQL and the stream, each started again when it died.

With a simulated market the simulator and the producer stand before them. The stream reaches its
database through a proxy. Everything else is as in scripts/demo.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from scripts.chaos_testing.faults.proxy import Proxy
from scripts.chaos_testing.faults.small_disks import fill, mount_small
from scripts.chaos_testing.faults.wrong_clock import JumpingClock, jump_together
from scripts.chaos_testing.tables import Database
from scripts.installation.java import QUICK, require_java
from scripts.launcher.paths import KAFKA_JARS
from scripts.local_stack import demo_options, pipeline
from scripts.local_stack.addresses import choose_addresses
from scripts.local_stack.market import Market
from scripts.local_stack.servers import (
    database,
    kafka_broker,
    kafka_client,
    postgres_server,
    process_table,
    processes,
)
from scripts.local_stack.servers.passwords import ADMINISTRATOR, make_passwords, read_password
from scripts.local_stack.servers.ports import HOST
from scripts.local_stack.servers.processes import Child
from services.common.kafka_cluster.cluster import KafkaCluster

NO_MARKET = Market("none", simulated=True, clock="real", symbols="NONE", intervals=None)
_DISK_MIB = {"kafka": 256, "postgres": 512}
_SERVICES = ("simulator", "producer", "kafka", "postgres", "stream")
_BESIDE = ("second", "replay", "import")
_START_SECONDS = 90
# Small batches, of which the larger ones go through the executors, and new bars alone straight.
_STREAM = {
    "MAX_OFFSETS_PER_TRIGGER": "600",
    "DRIVER_ROWS": "200",
    "STRAIGHT_ROWS": "1",
    "SPARK_JAVA_OPTIONS": QUICK,
}
# So that an outage outlasts the time-out while somebody waits for the test.
_PRODUCER = {"DELIVERY_SECONDS": "4"}


@dataclass
class Cluster:
    """The processes by name. Those in `down` are left alone until somebody takes them out.

    With a `market` the servers' data lie on small disks of their own, and the services' clocks
    can jump.
    """

    directory: Path
    market: Market = NO_MARKET
    children: dict[str, Child] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    deaths: int = 0
    fail_at: str = ""
    beside: Callable[[], None] = lambda: None
    """What else is to be looked after, as often as the services are."""

    def __post_init__(self) -> None:
        self.run = pipeline.Run(
            options=demo_options.parse([]),
            market=self.market,
            directory=self.directory,
            addresses=choose_addresses("auto"),
            java=require_java(os.environ),
            passwords=make_passwords(self.directory / "secrets"),
        )
        addresses = self.run.addresses
        password = read_password(self.run.passwords[ADMINISTRATOR])
        self._server = database.Login(HOST, addresses.postgres, "postgres", ADMINISTRATOR, password)
        self.database = Database(replace(self._server, database=pipeline.DATABASE))
        self.proxy = Proxy(HOST, addresses.postgres)
        self._clocks: dict[str, JumpingClock] = {}
        if self.market is not NO_MARKET:
            self._clocks = {
                name: JumpingClock(self.directory / "clocks" / name)
                for name in ("producer", "stream")
            }

    @property
    def bootstrap(self) -> str:
        """Return Kafka's address."""
        return self.run.addresses.bootstrap

    @property
    def kafka(self) -> KafkaCluster:
        """Return Kafka as the services connect to it."""
        return KafkaCluster((self.bootstrap,))

    def metrics(self) -> dict[str, str]:
        """Return where each service of the pipeline serves its metrics."""
        addresses = self.run.addresses
        ports = {"stream": addresses.stream_metrics}
        if self.market is not NO_MARKET:
            ports["producer"] = addresses.producer_metrics
        return {name: f"{HOST}:{port}" for name, port in ports.items()}

    @property
    def checkpoint(self) -> Path:
        """Return the folder of the stream's checkpoint."""
        return self.directory / "checkpoint"

    def start(self) -> None:
        """Start everything, with schema and topics. Raises SetupError."""
        if self.market is not NO_MARKET:
            for name, mebibytes in _DISK_MIB.items():
                mount_small(self.directory / name, mebibytes)
            for clock in self._clocks.values():
                clock.start()
            self.children["simulator"] = self._start("simulator")
        for name in ("kafka", "postgres"):
            self.children[name] = self._start(name)
        processes.wait_until(
            lambda: database.is_ready(self._server), self.children["postgres"], _START_SECONDS
        )
        processes.run(pipeline.migrate(self.run), _START_SECONDS)
        is_listening = partial(kafka_client.is_listening, self.bootstrap)
        processes.wait_until(is_listening, self.children["kafka"], _START_SECONDS)
        processes.run(pipeline.topics(self.run), _START_SECONDS)
        self.children["stream"] = self._start("stream")
        if self.market is not NO_MARKET:
            self.children["producer"] = self._start("producer")

    def tend(self) -> None:
        """Start again what has died, as a container's restart policy does."""
        for name, child in list(self.children.items()):
            if name in _SERVICES and name not in self.down and not child.is_running():
                self.deaths += 1
                self.children[name] = self._start(name)
        self.beside()

    def stop(self) -> None:
        """End everything."""
        for name in self.children:
            self.signal(name, signal.SIGCONT)
        for names in (("producer", "stream", *_BESIDE), ("kafka", "postgres", "simulator")):
            processes.stop([self.children[name] for name in names if name in self.children], 15)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal: to all of the service's processes, a request to stop to the first."""
        child = self.children[name]
        if not child.is_running():
            return
        if number in (signal.SIGTERM, signal.SIGINT):
            child.process.send_signal(number)
            return
        for pid in process_table.in_session(child.process.pid, process_table.running()):
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, number)

    def start_second_stream(self) -> None:
        """Start another stream on the same database, with its own checkpoint; one is enough."""
        command = self.stream_command()
        environment = {**(command.environment or {}), "CHECKPOINT_DIR": f"{self.checkpoint}-2"}
        environment["METRICS_PORT"] = "-1"  # the first one serves them there
        self.start_beside("second", replace(command, environment=environment))

    def start_replay(self) -> None:
        """Start a replay of everything that Kafka has; one is enough."""
        command = self.stream_command()
        arguments = [*command.arguments[:-1], "services.stream.replay", "--from", "1d"]
        self.start_beside("replay", replace(command, arguments=arguments))

    def start_beside(self, name: str, command: processes.Command) -> None:
        """Start a process beside the services, if it does not run already."""
        # A child whose name another one takes would be out of reach, and go on for ever.
        if name not in self.children or not self.children[name].is_running():
            log = self.run.logs / f"{name}.log"
            self.children[name] = processes.start(replace(command, name=name, log=log))

    def jump(self, names: str, seconds: int) -> Callable[[], None]:
        """Let the clocks of services, joined by +, jump; return what puts them right."""
        return jump_together([self._clocks[name] for name in names.split("+")], seconds)

    def lose_checkpoint(self) -> None:
        """Remove the checkpoint; the stream must be dead."""
        if self.checkpoint.exists():
            shutil.rmtree(self.checkpoint)

    def log_of(self, name: str) -> str:
        """Return what a service has said so far."""
        return (self.run.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def fill_disk(self, name: str) -> Callable[[], None]:
        """Leave no free space where the service's data lie; return what gives it back.

        For a cluster whose servers have disks of their own.
        """
        return fill(self.directory / name)

    def _start(self, name: str) -> Child:
        if name == "kafka":
            return kafka_broker.start(self._broker())
        if name == "postgres":
            return postgres_server.start(self._postgres())
        if name == "simulator":
            return processes.start(pipeline.simulator(self.run))
        if name == "producer":
            return self._start_by_clock(_with(pipeline.producer(self.run), _PRODUCER))
        fail_at, self.fail_at = self.fail_at, ""
        return self._start_by_clock(_with(self.stream_command(), {"FAIL_AT": fail_at}))

    def _start_by_clock(self, command: processes.Command) -> Child:
        if command.name in self._clocks:
            by_clock = self._clocks[command.name].on([*command.arguments])
            command = replace(command, arguments=by_clock)
        return processes.start(command)

    def stream_command(self) -> processes.Command:
        """Return the process of the stream, its database behind the proxy."""
        own = {"POSTGRES_PORT": str(self.proxy.port), **_STREAM}
        return _with(pipeline.stream(self.run), own)

    def _broker(self) -> kafka_broker.Broker:
        addresses = self.run.addresses
        return kafka_broker.Broker(
            java=self.run.java.program,
            jars=KAFKA_JARS,
            directory=self.directory / "kafka",
            logs=self.run.logs,
            port=addresses.kafka,
            controller_port=addresses.kafka_controller,
            java_options=(QUICK,),
        )

    def another_database(self, name: str) -> Database:
        """Make a database of this name beside the first. Raises SetupError."""
        command = _with(pipeline.migrate(self.run), {"POSTGRES_DB": name})
        processes.run(replace(command, name=f"migrate-{name}"), _START_SECONDS)
        return Database(replace(self._server, database=name))

    def _postgres(self) -> postgres_server.Cluster:
        return postgres_server.Cluster(
            directory=self.directory / "postgres",
            logs=self.run.logs,
            port=self.run.addresses.postgres,
            password_file=self.run.passwords[ADMINISTRATOR],
        )


def _with(command: processes.Command, own: Mapping[str, str]) -> processes.Command:
    return replace(command, environment={**(command.environment or {}), **own})
