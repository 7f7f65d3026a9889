"""Starts a run's processes in order and waits for each; tells how to reach them."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path

from scripts.installation.java import QUICK
from scripts.launcher.paths import KAFKA_JARS
from scripts.launcher.progress import say
from scripts.local_stack import pipeline
from scripts.local_stack.pipeline import DATABASE, Run
from scripts.local_stack.servers import (
    database,
    kafka_broker,
    kafka_client,
    postgres_server,
    processes,
)
from scripts.local_stack.servers.passwords import ADMINISTRATOR, READER, read_password, write_pgpass
from scripts.local_stack.servers.ports import HOST
from scripts.local_stack.servers.postgres_account import program_directory
from scripts.local_stack.servers.processes import Child, Command

_SERVER_SECONDS = 60
_ONE_SHOT_SECONDS = 120
_SERVICE_SECONDS = 180
_NEWEST_BARS = """\
SELECT symbol, bar_time, open, close, volume FROM events_stream
ORDER BY bar_time DESC LIMIT 10"""


def start_servers(run: Run, children: list[Child]) -> None:
    """Start what the services need, with schema and topics; each child stands in `children`
    from its start on. Raises SetupError.

    The stream needs only the schema and starts as soon as that is there, since Spark takes longest
    of all.
    """
    say("starting PostgreSQL, Kafka and the services")
    postgres = postgres_server.start(_cluster(run))
    children.append(postgres)
    kafka = kafka_broker.start(_broker(run))
    children.append(kafka)
    _await("PostgreSQL", postgres, lambda: database.is_ready(_administrator(run)))
    processes.run(pipeline.migrate(run), _ONE_SHOT_SECONDS)
    children.append(_start_service(run, pipeline.stream(run)))
    if run.options.source is None:
        children.append(processes.start(pipeline.simulator(run)))
    _await("Kafka", kafka, lambda: kafka_client.is_listening(run.addresses.bootstrap))
    processes.run(pipeline.topics(run), _ONE_SHOT_SECONDS)


def start_services(run: Run, children: list[Child]) -> None:
    """Start the producer and wait until each service has done its first work; the dashboard comes
    last, so that it does not keep the first bars waiting. Raises SetupError."""
    started = {child.name: child for child in children}
    if "simulator" in started:
        address = f"{HOST}:{run.addresses.simulator}"
        _await("simulator", started["simulator"], lambda: kafka_client.is_listening(address))
    producer = _start_service(run, pipeline.producer(run))
    children.append(producer)
    for service in (producer, started["stream"]):
        beat = pipeline.heartbeat(run, service.name)
        _await(service.name, service, beat.exists, _SERVICE_SECONDS)
    dashboard = processes.start(pipeline.dashboard(run))
    children.append(dashboard)
    page = f"{HOST}:{run.addresses.dashboard}"
    _await("dashboard", dashboard, lambda: kafka_client.is_listening(page))
    if run.options.alerts is not None:
        alerts = _start_service(run, pipeline.alerts(run))
        children.append(alerts)
        _await("alerts", alerts, pipeline.heartbeat(run, "alerts").exists, _SERVICE_SECONDS)


def _start_service(run: Run, command: Command) -> Child:
    pipeline.heartbeat(run, command.name).unlink(missing_ok=True)
    return processes.start(command)


def _broker(run: Run) -> kafka_broker.Broker:
    return kafka_broker.Broker(
        java=run.java.program,
        jars=KAFKA_JARS,
        directory=run.directory / "kafka",
        logs=run.logs,
        port=run.addresses.kafka,
        controller_port=run.addresses.kafka_controller,
        # A small market never pays back what optimizing costs a start.
        java_options=(QUICK,),
    )


def _cluster(run: Run) -> postgres_server.Cluster:
    return postgres_server.Cluster(
        directory=run.directory / "postgres",
        logs=run.logs,
        port=run.addresses.postgres,
        password_file=run.passwords[ADMINISTRATOR],
    )


def _await(
    name: str, child: Child, ready: Callable[[], bool], seconds: float = _SERVER_SECONDS
) -> None:
    begin = time.monotonic()
    processes.wait_until(ready, child, seconds)
    say(f"  {name} is up ({time.monotonic() - begin:.1f} s)")


def reader_login(run: Run) -> database.Login:
    """Return the account that may read what dashboards read."""
    password = read_password(run.passwords[READER])
    return database.Login(HOST, run.addresses.postgres, DATABASE, READER, password)


def _administrator(run: Run) -> database.Login:
    password = read_password(run.passwords[ADMINISTRATOR])
    return database.Login(HOST, run.addresses.postgres, "postgres", ADMINISTRATOR, password)


def write_connection(run: Run, file: Path) -> None:
    """Write connection.json, which tells programs how to reach the run."""
    facts = {
        "host": HOST,
        "port": run.addresses.postgres,
        "database": DATABASE,
        "user": READER,
        "password_file": str(run.passwords[READER]),
        "kafka": run.addresses.bootstrap,
        "dashboard": run.addresses.dashboard_url,
        "source": run.source_url,
        "simulated": run.market.simulated,
    }
    part = file.with_suffix(".part")
    part.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    part.replace(file)


def psql_command(run: Run) -> str:
    """Return a command line that shows the newest bars."""
    secrets = run.passwords[READER].parent
    pgpass = write_pgpass(secrets, HOST, DATABASE, READER, read_password(run.passwords[READER]))
    address = ["-h", HOST, "-p", str(run.addresses.postgres), "-U", READER, "-d", DATABASE]
    psql = [str(program_directory() / "psql"), *address, "-c", " ".join(_NEWEST_BARS.split())]
    return f"PGPASSFILE={shlex.quote(str(pgpass))} {shlex.join(psql)}"


def announcement(run: Run) -> str:
    """Return what runs where, for a person."""
    market, addresses = run.market, run.addresses
    kind = "The market is SIMULATED: no bar is real." if market.simulated else "The bars are real."
    metrics = f"http://{HOST}:{{}}/metrics"
    origin = "" if run.options.source else f" ({market.origin})"
    intervals = market.intervals or "the plan's interval"
    lines = {
        "source": f"{run.source_url}{origin}; market clock {market.clock}",
        "producer": f"{market.symbols} {intervals} -> Kafka; "
        + metrics.format(addresses.producer_metrics),
        "Kafka": addresses.bootstrap,
        "stream": "Spark -> PostgreSQL; " + metrics.format(addresses.stream_metrics),
        "PostgreSQL": f"{HOST}:{addresses.postgres}, database {DATABASE}, user {READER}, password "
        f"in {run.passwords[READER]}",
        "state": f"{run.directory}, logs in {run.logs}",
    }
    table = "\n".join(f"  {name:<11}{text}" for name, text in lines.items())
    page = f"The live page:  {addresses.dashboard_url}"
    return f"\nTapeline runs. {kind}\n{table}\n\n{psql_command(run)}\n\n{page}\n"
