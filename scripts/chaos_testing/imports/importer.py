"""Imports file after file beside the episodes, killed at moments drawn from a seed; at the end all
is compared with what the files say, and with an import that nobody killed.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from scripts.chaos_testing.checker import Findings, Place, check
from scripts.chaos_testing.cluster import Cluster
from scripts.chaos_testing.episode import Report
from scripts.chaos_testing.imports import bar_files
from scripts.chaos_testing.imports.contents import imported
from scripts.launcher.errors import SetupError
from scripts.local_stack.servers import process_table, processes
from services.common.market.bar import Bar

_NAME = "import"
_ROWS = "25"
"""In a transaction: so few that it is often between two of them."""
_ALL, _DRIVER, _JAVA, _WORKERS = "everything", "the driver", "Java", "the workers"
_STARTING_SECONDS = 9.0
_LOOK_SECONDS = 0.2
_AGAIN_SECONDS = 1.0
_STILL_SECONDS = 600.0
_CLEAN_SECONDS = 600.0


@dataclass(frozen=True)
class Kill:
    """A SIGKILL of what `target` says: so many seconds after the start of the import, or once it
    has brought so many rows."""

    target: str
    seconds: float | None
    rows: int | None


def draw(seed: int, count: int) -> list[Kill]:
    """Return so many kills: half of them while it starts, half while it writes."""
    dice = random.Random(seed)  # noqa: S311 - a schedule, no secret
    return [
        Kill(
            dice.choice((_ALL, _DRIVER, _JAVA, _WORKERS)),
            *(
                (dice.uniform(0.2, _STARTING_SECONDS), None)
                if dice.random() < 0.5
                else (None, dice.randrange(1, bar_files.ROWS // 2))
            ),
        )
        for _ in range(count)
    ]


@dataclass
class Importer:
    """An import on a running cluster; `kills` are still to come."""

    cluster: Cluster
    kills: list[Kill]
    files: list[Path] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    deaths: int = 0
    _started_at: float = 0.0
    _rows_at_start: int = 0
    _looked_at: float = 0.0
    _is_open: bool = False

    def tend(self) -> None:
        """Begin a file, begin it again after a death, kill what is due. Call it now and then."""
        now = time.monotonic()
        if now < self._looked_at + _LOOK_SECONDS:
            return
        self._looked_at = now
        child = self.cluster.children.get(_NAME)
        if child is not None and child.is_running():
            self._kill_if_due(now)
        elif self._is_open and child is not None and child.process.returncode == 0:
            self._is_open = False
        elif self._is_open and now > self._started_at + _AGAIN_SECONDS:
            self.deaths += 1
            self._start(now)
        elif not self._is_open and self.kills:
            self._begin_file()
            self._start(now)

    def report(self, number: int, seed: int) -> Report:
        """Wait until all is done; return what became of it. Raises SetupError if it does not."""
        waits = time.monotonic()
        self._finish()
        done = time.monotonic()
        rows = len(self.files) * bar_files.ROWS
        findings = self._findings()
        return Report(
            number=number,
            seed=seed,
            faults=[f"import: kill {what} {count}x" for what, count in sorted(self.killed.items())],
            sent=rows,
            acknowledged=rows,
            deaths=self.deaths,
            recovery_seconds=done - waits,
            seconds=time.monotonic() - waits,
            findings=findings,
        )

    def is_done(self) -> bool:
        """Return whether every kill has come and every file is imported."""
        return not self.kills and not self._is_open

    def _finish(self) -> None:
        rows, moved_at = -1, time.monotonic()
        while not self.is_done():
            self.cluster.tend()
            now = self.cluster.database.imported_rows()
            if now != rows:
                rows, moved_at = now, time.monotonic()
            if time.monotonic() > moved_at + _STILL_SECONDS:
                log = self.cluster.run.logs / f"{_NAME}.log"
                raise SetupError(f"the import stands still at row {rows}; its log is {log}")
            time.sleep(_LOOK_SECONDS)

    def _findings(self) -> Findings:
        """Compare what the database holds with the files, and with an import that nobody killed."""
        held: dict[Place, tuple[bytes, Bar | None]] = {}
        for number, file in enumerate(self.files):
            held |= bar_files.held(file.name, number)
        database = self.cluster.database
        found = check([], held, database.tables(bar_files.SYMBOLS, None))
        clean = self.cluster.another_database("clean")
        processes.run(self._command(self.files, {"POSTGRES_DB": clean.name}), _CLEAN_SECONDS)
        for name, mine, wanted in imported(database, clean):
            if mine != wanted:
                found.wrong.append(f"{name}: {mine}; of an import that nobody killed: {wanted}")
        return found

    def _begin_file(self) -> None:
        number = len(self.files)
        file = self.cluster.directory / "files" / f"bars-{number}.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text(bar_files.text(number), encoding="utf-8")
        os.utime(file, (bar_files.OBSERVED_AT.timestamp(),) * 2)
        self.files.append(file)
        self._is_open = True

    def _start(self, now: float) -> None:
        self._started_at = now
        self._rows_at_start = self.cluster.database.imported_rows()
        self.cluster.start_beside(_NAME, self._command(self.files[-1:], {}))

    def _command(self, files: list[Path], own: Mapping[str, str]) -> processes.Command:
        stream = self.cluster.stream_command()
        arguments = [*stream.arguments[:-1], "services.stream.importing"]
        environment = {**(stream.environment or {}), "MAX_OFFSETS_PER_TRIGGER": _ROWS, **own}
        return replace(
            stream,
            name=_NAME,
            arguments=[*arguments, *map(str, files), *bar_files.OPTIONS],
            environment=environment,
            log=self.cluster.run.logs / f"{_NAME}.log",
        )

    def _kill_if_due(self, now: float) -> None:
        if not self.kills:
            return
        kill = self.kills[0]
        if kill.seconds is not None:
            is_due = now > self._started_at + kill.seconds
        else:
            rows = self.cluster.database.imported_rows()
            is_due = rows - self._rows_at_start >= (kill.rows or 0)
        if is_due:
            self.kills.pop(0)
            self.killed[self._kill(kill.target)] += 1

    def _kill(self, target: str) -> str:
        """Kill what is meant, or everything where that is not there; return what it was."""
        leader = self.cluster.children[_NAME].process.pid
        everything = process_table.in_session(leader, process_table.running())
        java = {pid for pid in everything if process_table.program(pid) == "java"}
        chosen = {
            _DRIVER: {leader},
            _JAVA: java,
            _WORKERS: everything - java - {leader},
        }.get(target, everything)
        for pid in chosen or everything:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return target if chosen else _ALL
