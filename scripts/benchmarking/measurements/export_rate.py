"""How fast stored bars come out: the data API's pages and whole ranges beside COPY by psql.

Each is asked for every bar, and read and decoded as its reader would. COPY has them as they are
stored, the others in the order of their key. Of pages the first are read: each costs the same.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pyarrow import ipc, parquet

from scripts.benchmarking import dashboard_process
from scripts.benchmarking.dashboard_process import DashboardProcess
from scripts.benchmarking.measurements import view_queries
from scripts.benchmarking.servers import Servers
from scripts.launcher.progress import say
from scripts.local_stack.servers import database
from scripts.local_stack.servers.ports import HOST
from scripts.local_stack.servers.postgres_account import program_directory

PAGES: Final = ("pages, JSON", "pages, Parquet")
WHOLE: Final = ("whole, Arrow", "whole, Arrow, decimals", "whole, Parquet", "whole, CSV")
PLAIN_COPY: Final = "COPY by psql"
_ROWS_OF_A_PAGE: Final = 50_000
_PAGES_READ: Final = 4
_ROUNDS: Final = 2
_READ_BYTES: Final = 2**20
_NEXT: Final = re.compile(r'<([^>]+)>; rel="next"')
_COPY: Final = "copy (select * from bi.events_stream) to stdout (format csv)"


@dataclass(frozen=True)
class Exported:
    """Bars a second, and the most memory that the dashboard had meanwhile (bytes; psql: none)."""

    rate: float
    peak_bytes: int


def measure(servers: Servers, bars: int) -> dict[str, Exported]:
    """Store so many bars and read them in each way, one after the other and again; return means of
    the rates."""
    login = servers.make_database("exported")
    with database.connect(login) as connection:
        sessions = len(list(view_queries.store_sessions(connection, bars)))
    stored = sessions * view_queries.BARS_OF_A_SESSION
    found: dict[str, list[Exported]] = {}
    with dashboard_process.serving(servers, login) as dashboard:
        for name, read in _ROUNDS * _ways(dashboard, login, stored):
            found.setdefault(name, []).append(_timed(dashboard, read))
            say(f"  {name}: {found[name][-1].rate:,.0f} bars/s")
    servers.drop_database(login)
    return {
        name: Exported(
            statistics.mean(one.rate for one in several), max(one.peak_bytes for one in several)
        )
        for name, several in found.items()
    }


def _ways(
    dashboard: DashboardProcess, login: database.Login, stored: int
) -> list[tuple[str, Callable[[], int]]]:
    """Return what reads the bars and says how many it has read."""
    asked: dict[str, Callable[[], int]] = {
        PAGES[0]: lambda: _pages(dashboard.port, "json", _rows_of_json),
        PAGES[1]: lambda: _pages(dashboard.port, "parquet", _rows_of_parquet),
        WHOLE[0]: lambda: _arrow(dashboard.port, "float"),
        WHOLE[1]: lambda: _arrow(dashboard.port, "decimal"),
        WHOLE[2]: lambda: _rows_of_parquet(b"".join(_pieces(dashboard.port, "bars.parquet"))),
        WHOLE[3]: lambda: sum(one.count(b"\n") for one in _pieces(dashboard.port, "bars.csv")) - 1,
        PLAIN_COPY: lambda: _psql(login, stored),
    }
    return list(asked.items())


def _timed(dashboard: DashboardProcess, read: Callable[[], int]) -> Exported:
    dashboard.forget_peak_memory()
    begun = time.monotonic()
    rows = read()
    return Exported(rows / (time.monotonic() - begun), dashboard.peak_memory_bytes())


def _pages(port: int, form: str, rows_of: Callable[[bytes], int]) -> int:
    """Read the first pages as a client does, by the links."""
    rows, path = 0, f"/api/bars?format={form}&limit={_ROWS_OF_A_PAGE}"
    with contextlib.closing(http.client.HTTPConnection(HOST, port)) as connection:
        for _ in range(_PAGES_READ):
            connection.request("GET", path)
            answer = connection.getresponse()
            rows += rows_of(answer.read())
            following = _NEXT.match(answer.getheader("Link", ""))
            if following is None:
                break
            path = following[1]
    return rows


def _rows_of_json(content: bytes) -> int:
    return len(json.loads(content)["data"])


def _rows_of_parquet(content: bytes) -> int:
    return int(parquet.read_table(io.BytesIO(content)).num_rows)


def _arrow(port: int, decimals: str) -> int:
    with _answer(port, f"bars.arrow?decimals={decimals}") as answer:
        return sum(batch.num_rows for batch in ipc.open_stream(answer))


def _pieces(port: int, path: str) -> Iterator[bytes]:
    with _answer(port, path) as answer:
        yield from iter(lambda: answer.read(_READ_BYTES), b"")


@contextlib.contextmanager
def _answer(port: int, path: str) -> Iterator[http.client.HTTPResponse]:
    with contextlib.closing(http.client.HTTPConnection(HOST, port)) as connection:
        connection.request("GET", f"/api/{path}")
        yield connection.getresponse()


def _psql(login: database.Login, stored: int) -> int:
    """Copy all out to nowhere; psql does not say how many there were."""
    address = ["-h", login.host, "-p", str(login.port), "-U", login.user, "-d", login.database]
    subprocess.run(
        [str(program_directory() / "psql"), "-X", *address, "-c", _COPY],
        env={**os.environ, "PGPASSWORD": login.password.reveal()},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return stored
