"""The local run on the market of a stack in containers: its clock in, its table out."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from scripts.launcher.paths import ROOT
from scripts.local_stack.servers import processes
from tests.compose.stack import FRUGAL, LOAD
from tests.fixtures.live import wait_for


class LocalRun:
    """The demo as a process, until `stop`, which may be said again."""

    def __init__(self, directory: Path, clock: str) -> None:
        self.clock = clock
        self._file = directory / "connection.json"
        symbols, speed = LOAD["SYMBOLS"], LOAD["SIMULATOR_SPEED"]
        market = {
            "origin": "simulator",
            "simulated": True,
            "clock": clock,
            "symbols": symbols,
            "intervals": "1min",
        }
        (directory / "market.json").write_text(json.dumps(market), "utf-8")
        options = ["--data-dir", str(directory), "--symbols", symbols, "--speed", speed]
        demo = processes.Command(
            name="demo",
            arguments=[sys.executable, "-P", "-m", "scripts.local_stack.demo", *options],
            log=directory / "demo.log",
            environment={**os.environ, **FRUGAL, "PYTHONPATH": str(ROOT)},
            directory=ROOT,
        )
        self._process = processes.start(demo).process

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """Connect to its database as a reader, once it runs."""
        wait_for(self._file.exists, "the local run", 180)
        there = json.loads(self._file.read_text("utf-8"))
        with psycopg.connect(
            host=there["host"],
            port=there["port"],
            dbname=there["database"],
            user=there["user"],
            password=Path(there["password_file"]).read_text("utf-8").strip(),
            autocommit=True,
        ) as connection:
            yield connection

    def stop(self) -> None:
        """End it; fail if it does not end well. SIGINT would be ignored under `nohup … &`."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(60) == 0
