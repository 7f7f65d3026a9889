"""The real job and its peers, each draining the same topic into a database of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from scripts.benchmarking.peers.peer import Target
from scripts.benchmarking.sample import PARTITIONS
from scripts.benchmarking.servers import Servers
from scripts.launcher.errors import SetupError
from scripts.local_stack.servers import database, processes
from services.common import topics

PEERS = {
    "Spark JDBC append, no key": ("spark_jdbc", "≥ 1.5 times"),
    "kafka-python alone, execute_values": ("kafka_python_plain", "≥ 7 times"),
    "kafka-python and crc32c, execute_values": ("kafka_python", ""),
    "confluent-kafka, COPY and merge": ("confluent", "≥ 1.3 times"),
    "Kafka Connect, Debezium JDBC sink, unnest": ("debezium", "≥ 1.8 times"),
}
"""The module of each, and how much faster the job is to be."""
_SECONDS = 600.0
_WARM = 0.2
_PLAIN_TABLE = """
create table plain_bars (
    symbol text, bar_time timestamptz, interval text, open numeric(18, 6), high numeric(18, 6),
    low numeric(18, 6), close numeric(18, 6), volume bigint, session_date date, source text,
    freshness text, basis text, is_final boolean, observed_at timestamptz,
    kafka_partition integer, kafka_offset bigint
)
"""
_STORED = b"select coalesce(sum(stored), 0)::bigint from market.sink_offsets"
_DERIVED = b"select count(*) from market.bar_indicators"
Point = tuple[float, int]
"""A moment (seconds) and how many bars were committed by then."""


def steady_rate(points: Sequence[Point]) -> float:
    """Return the bars a second after the first fifth, which pays for the start of a process."""
    total = points[-1][1]
    begun = next(point for point in points if point[1] >= _WARM * total)
    if begun[1] == total:
        raise SetupError(f"{total} bars went in at once; take more of them")
    return (total - begun[1]) / (points[-1][0] - begun[0])


def job_rate(servers: Servers, count: int, name: str, **settings: str) -> float:
    """Return the rate of the real job."""
    login = servers.make_database(f"drained_{name}")
    try:
        return rate_into(servers, login, count, name, **settings)
    finally:
        servers.drop_database(login)


def rate_into(
    servers: Servers, login: database.Login, count: int, name: str, **settings: str
) -> float:
    """Return the rate of the real job into a database whose ledger is empty."""
    child = processes.start(servers.stream(login, f"stream-{name}", **settings))
    points: list[Point] = []
    try:
        _watch(child, partial(_look, login, _STORED, points), points, count)
    finally:
        processes.stop([child], 20)
    return steady_rate(points)


def derived_rate(servers: Servers, count: int) -> float:
    """Return the bars a second whose indicators follow once the bars themselves are stored."""
    login = servers.make_database("derived")
    stored: list[Point] = []
    points: list[Point] = []
    without = processes.start(servers.stream(login, "stream-stored", INDICATORS="false"))
    try:
        _watch(without, partial(_look, login, _STORED, stored), stored, count)
    finally:
        processes.stop([without], 20)
    child = processes.start(servers.stream(login, "stream-derived"))
    try:
        _watch(child, partial(_look, login, _DERIVED, points), points, count)
    finally:
        processes.stop([child], 20)
        servers.drop_database(login)
    return steady_rate(points)


def _look(login: database.Login, query: bytes, points: list[Point]) -> None:
    with database.connect(login) as connection:
        [(seen,)] = connection.execute(query).fetchall()
    if not points or seen != points[-1][1]:
        points.append((time.monotonic(), seen))


def peer_rate(servers: Servers, count: int, name: str) -> float:
    """Return the rate of a peer by its name in PEERS."""
    module = PEERS[name][0]
    login = servers.make_database(module, peer=True)
    with database.connect(login) as connection:
        connection.execute(_PLAIN_TABLE.encode())
    target = Target(
        servers.bootstrap, topics.BARS.name, PARTITIONS, count, login.port, login.database
    )
    command = servers.service(
        f"scripts.benchmarking.peers.{module}",
        module,
        *target.words(),
        PGPASSWORD=servers.login.password.reveal(),
    )
    child = processes.start(command)
    points: list[Point] = []

    def look() -> None:
        lines = command.log.read_text("utf-8", errors="replace").splitlines()
        told = [line.split() for line in lines if line[:1].isdigit() and line.count(" ") == 1]
        points[:] = [(float(moment), int(seen)) for moment, seen in told]

    try:
        _watch(child, look, points, count)
    finally:
        processes.stop([child], 20)
        servers.drop_database(login)
    return steady_rate(points)


def _watch(
    child: processes.Child, look: Callable[[], None], points: list[Point], count: int
) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        look()
        if points and points[-1][1] >= count:
            return
        if not child.is_running():
            look()
            if points and points[-1][1] >= count:
                return
            raise child.failure()
        if time.monotonic() > deadline:
            raise SetupError(f"{child.name} did not drain {count} bars in {_SECONDS:.0f} s")
        time.sleep(0.05)
