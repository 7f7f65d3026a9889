"""What answers: from a neighbour on each network all ports are tried, and from the host."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from scripts.operations.connectors import LocalShell
from scripts.operations.operation import Operation
from scripts.operations.releases import published_ports
from scripts.operations.target import LOCAL
from tests.compose.stack import LONG_RUNNING, Stack, run

# Ports that a service may answer on, to its neighbours on a network.
DECLARED = {
    "kafka": {9092},
    "simulator": {8000},
    "producer": {9464},
    "postgres": {5432},
    "dashboard": {8050},
    # Spark's RPC and pages; the worker's, the driver's and the executors' further ports are any.
    "spark-master": {7077, 8080},
    "spark-worker": {8081},
    "stream": {9464},
}
# Runs in a neighbour: tries every port of each address, thousands at a time, and says which answer.
PROBE = """
import json, resource, select, socket, sys

def answering(address, ports):
    waiting, found, poll = {}, [], select.poll()
    for port in ports:
        attempt = socket.socket()
        attempt.setblocking(False)
        attempt.connect_ex((address, port))
        waiting[attempt.fileno()] = attempt, port
        poll.register(attempt, select.POLLOUT)
    while waiting and (answers := poll.poll(1500)):
        for number, _ in answers:
            attempt, port = waiting.pop(number)
            poll.unregister(number)
            if attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                found.append(port)
            attempt.close()
    for attempt, _ in waiting.values():
        attempt.close()
    return found

most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
step = min(16384, most - 100)
parts = [range(first, min(first + step, 65536)) for first in range(1, 65536, step)]
print(json.dumps({
    address: [port for part in parts for port in answering(address, part)]
    for address in sys.argv[1:]
}))
"""


def addresses(stack: Stack, network: str) -> dict[str, str]:
    """Return the address of each service on a network, by the service."""
    found = {}
    for one in stack.containers().values():
        service = one["Config"]["Labels"]["com.docker.compose.service"]
        place = one["NetworkSettings"]["Networks"].get(f"{stack.project}_{network}")
        if place and place["IPAddress"] and service in LONG_RUNNING:
            found[service] = place["IPAddress"]
    return found


@pytest.mark.parametrize(
    "network", ["market", "ingest", "database", "compute", "outside", "figures", "web"]
)
def test_neighbours_reach_what_is_declared_and_no_more(stack: Stack, network: str) -> None:
    there = addresses(stack, network)
    said = json.loads(stack.tool(network, "python", "-c", PROBE, *there.values()))
    answering = {service: set(said[address]) for service, address in there.items()}

    beyond = {service: ports - DECLARED[service] for service, ports in answering.items()}
    # Spark's driver and executors talk to one another on ports of their own, each of which asks
    # for the secret; they are only where the workers are.
    spark = {service: beyond.pop(service, set()) for service in ("spark-worker", "stream")}
    assert beyond == {service: set() for service in beyond}
    if network != "compute":
        assert spark == {"spark-worker": set(), "stream": set()}
    for service in there:
        assert answering[service] or service in {"spark-worker", "stream", "producer"}


@pytest.mark.parametrize(("network", "service"), [("endpoint", "postgres"), ("pages", "dashboard")])
def test_neighbours_of_a_published_network_reach_nobody(
    stack: Stack, network: str, service: str
) -> None:
    there = addresses(stack, network)
    said = json.loads(stack.tool(network, "python", "-c", PROBE, *there.values()))
    assert there.keys() == {service}
    assert said == {there[service]: []}


def test_the_host_listens_on_the_declared_ports_alone(stack: Stack) -> None:
    published = {
        (bound["HostIp"], int(bound["HostPort"]))
        for one in stack.containers().values()
        for places in one["NetworkSettings"]["Ports"].values()
        for bound in places or ()
    }
    ports = {stack.port, int(stack.variables["DASHBOARD_PUBLISHED"].rpartition(":")[2])}
    assert published == {("127.0.0.1", port) for port in ports}
    assert {host for host, port in listening() if port in ports} == {"127.0.0.1"}


def listening() -> set[tuple[str, int]]:
    """Return the address and port of each TCP socket that listens on this machine (IPv4)."""
    found = set()
    for line in Path("/proc/net/tcp").read_text("utf-8").splitlines()[1:]:
        local, state = line.split()[1], line.split()[3]
        if state == "0A":
            host, port = local.split(":")
            found.add((socket.inet_ntoa(bytes.fromhex(host)[::-1]), int(port, 16)))
    return found


def test_plain_text_is_refused(stack: Stack) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects connection"):
        psycopg.connect(
            host="127.0.0.1",
            port=stack.port,
            dbname="market",
            user="dashboard_reader",
            password=stack.secret("dashboard_reader_password"),
            sslmode="disable",
        )


@pytest.mark.parametrize("user", ["postgres", "market_owner", "stream_writer", "powerbi_reader"])
@pytest.mark.parametrize("password", ["", "postgres", "password", "market", "tapeline"])
def test_default_passwords_fail(stack: Stack, user: str, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"authentication failed|no password"):
        psycopg.connect(
            host="127.0.0.1",
            port=stack.port,
            dbname="postgres" if user == "postgres" else "market",
            user=user,
            password=password,
            sslmode="require",
        )


def test_spark_takes_no_work_from_who_lacks_the_secret(stack: Stack) -> None:
    attempt = """
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("spark://spark-master:7077")
options = {"spark.authenticate": "false", "spark.ui.enabled": "false"}
builder.config(map=options).getOrCreate().range(1).count()
"""
    command = f"mkdir -p /tmp/c; SPARK_CONF_DIR=/tmp/c timeout 60 python -c '{attempt}'; echo $?"
    said = stack.tool("compute", "bash", "-c", f"({command}) 2>&1 | tail -n 40").splitlines()
    assert said[-1] != "0", said
    applications = "import json,urllib.request as r;print(len(json.load(r.urlopen("
    applications += "'http://spark-master:8080/json/'))['activeapps']))"
    assert stack.tool("compute", "python", "-c", applications).strip() == "1"


@dataclass
class StackShell(LocalShell):
    """This machine's shell, in which Compose is the stack's."""

    stack: Stack
    extra: dict[str, str]

    def run(self, command: str, *, given: str = "") -> str:
        assert given == ""
        return run(["sh", "-c", command], {**self.stack.variables, **self.extra})


def test_a_port_that_another_program_holds_is_told_before_anything_is_changed(
    stack: Stack,
) -> None:
    words = (str(stack.program), "--project-name", stack.project)
    place = replace(LOCAL, compose_words=words)

    def taken(**extra: str) -> list[str]:
        return published_ports.taken(Operation(place, StackShell(stack, extra), "ann@desk"))

    # What runs holds its own ports.
    assert taken() == []
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        (line,) = taken(DASHBOARD_PUBLISHED=address)
        assert f"listens at {address}, where dashboard is to be published" in line
        assert "DASHBOARD_PUBLISHED=127.0.0.1:" in line
