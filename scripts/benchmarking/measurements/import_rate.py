"""Files of history: plain COPY of their bars (B), what people do, and the import, side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from scripts.benchmarking import history_files
from scripts.benchmarking.history_files import ZONE, Year
from scripts.benchmarking.servers import Servers
from scripts.launcher.errors import SetupError
from scripts.local_stack.servers import database, process_table, processes
from services.stream.decoding.copy_text import LINE_COLUMNS

_COPY = f"copy market.events_stream ({', '.join(LINE_COLUMNS)}) from stdin"
_POLL_SECONDS = 0.25
_SECONDS = 3_600.0
_RECOGNISED, _LOOKING = ": symbol ", "before anything is written"
"""What the import logs before and after Spark's start."""
_COUNT = b"select count(*) from market.events_stream"


@dataclass(frozen=True)
class Imported:
    """What an import took: seconds from its command to its end, of these of Spark's start, and the
    most memory it held, Java and Python together; memory by quarters of the time."""

    seconds: float
    start_seconds: float
    most_bytes: int
    by_quarter: tuple[int, ...]


def copy_rate(servers: Servers, years: Sequence[Year]) -> float:
    """Return B: rows a second of one COPY, as text in the key's order, into the keyed table."""
    texts = [_lines(year) for year in years]
    login = servers.make_database("import_copied")
    try:
        with database.connect(login) as connection:
            begun = time.monotonic()
            with connection.cursor() as cursor, cursor.copy(_COPY.encode()) as copy:
                for text in texts:
                    copy.write(text)
            seconds, count = time.monotonic() - begun, len(years) * history_files.YEAR_BARS
        require_bars(login, "COPY", count)
        return count / seconds
    finally:
        servers.drop_database(login)


def _lines(year: Year) -> bytes:
    starts = history_files.starts_in_utc()
    seen = f"{history_files.SEEN.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    after = f"file\thistorical\traw\ttrue\t{seen}\t-1\t0\n"
    return "".join(year.lines(starts, f"{year.symbol}\t", after)).encode()


def run(servers: Servers, name: str, options: Sequence[str], expected: int) -> Imported:
    """Import files into a fresh database; raise SetupError unless it has `expected` bars."""
    login = servers.make_database(name)
    command = servers.service(
        "services.stream.importing",
        name,
        *("--observed-at", f"{history_files.SEEN.isoformat()}", *options),
        **servers.stream_settings(login),
    )
    begun = time.monotonic()
    child = processes.start(command)
    memory: list[int] = []
    marks: dict[str, float] = {}
    try:
        while child.is_running():
            tree = process_table.descendants(child.process.pid, process_table.running())
            memory.append(process_table.memory_bytes(tree))
            told = command.log.read_text("utf-8")
            for mark in (_RECOGNISED, _LOOKING):
                if mark in told:
                    marks.setdefault(mark, time.monotonic())
            if time.monotonic() - begun > _SECONDS:
                raise SetupError(f"{name} took more than {_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)
        seconds = time.monotonic() - begun
        if child.process.returncode != 0:
            raise child.failure()
        require_bars(login, name, expected)
    finally:
        processes.stop([child], 20)
        servers.drop_database(login)
    quarter = max(1, len(memory) // 4)
    parts = tuple(max(memory[at : at + quarter]) for at in range(0, 4 * quarter, quarter))
    start = marks.get(_LOOKING, begun) - marks.get(_RECOGNISED, begun)
    return Imported(seconds, start, max(memory), parts)


def require_bars(login: database.Login, name: str, expected: int) -> None:
    """Raise SetupError unless what was tried has left so many bars in the keyed table."""
    with database.connect(login) as connection:
        [(stored,)] = connection.execute(_COUNT).fetchall()
    if stored != expected:
        raise SetupError(f"{name} stored {stored} of {expected} bars")


def options(form: str) -> list[str]:
    """Return what a person says of files of a form."""
    if form == "lean-minute":
        return []
    if form == "lean-symbol":
        return ["--interval", "1min"]
    return ["--interval", "1min", "--zone", ZONE, "--label", "start", "--basis", "raw"]
