"""What the documents tell a person to type at a demo: each command as it is written, by a shell."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.documents import ROOT, commands
from tests.fixtures.live import wait_for

DASHBOARD = "http://127.0.0.1:8050"
"""Where the documents have it; the demo takes a free port."""
KEPT = "scripts/demo --data-dir ~/tapeline"
STARTS = [line for line in commands("demo") if "scripts/demo" in line and line != KEPT]
AT_A_DEMO = [line for line in commands("demo") if "scripts/demo" not in line]
START_SECONDS = 180
COMMAND_SECONDS = 180
COUNT = "select symbol, count(*) from events_stream group by symbol"
ENOUGH = 3_000


@dataclass
class Home:
    """A person's home, where the documents' `~` leads, and the demos that run from there."""

    folder: Path

    def variables(self) -> dict[str, str]:
        """Return the environment that the person types in."""
        downloads = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        return {**os.environ, "HOME": str(self.folder), "XDG_CACHE_HOME": str(downloads)}

    @contextmanager
    def typed(self, line: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        """Type a command that goes on; yield it with the file that has what it says."""
        said = self.folder / "said"
        with said.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", line], cwd=ROOT, env=self.variables(),
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield process, said
        finally:
            # Not SIGINT, which would be ignored under `nohup … &`.
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def run(self, line: str) -> str:
        """Type a command that ends by itself, well; return what it said."""
        done = subprocess.run(
            ["bash", "-c", line], cwd=ROOT, env=self.variables(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout


@dataclass(frozen=True)
class Demo:
    """A demo that runs, and how to reach it."""

    home: Home
    dashboard: str
    connection: dict[str, str]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return the rows of a query as the reader sees them."""
        to = self.connection
        with psycopg.connect(
            host=to["host"], port=to["port"], dbname=to["database"], user=to["user"],
            password=Path(to["password_file"]).read_text("utf-8").strip(),
        ) as connection:  # fmt: skip
            return connection.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("home")
    folder.chmod(0o711)  # PostgreSQL runs as another user where the tests run as root
    (folder / ".curlrc").write_text("fail\nsilent\nshow-error\n", "utf-8")
    return Home(folder)


@pytest.fixture(scope="module")
def demo(home: Home) -> Iterator[Demo]:
    """Return the demo that keeps its state, with some weeks of bars."""
    with home.typed(KEPT) as (process, said):
        file = home.folder / "tapeline" / "connection.json"
        wait_for(lambda: file.exists() or process.poll() is not None, KEPT, START_SECONDS)
        assert file.exists(), said.read_text("utf-8")
        connection = json.loads(file.read_text("utf-8"))
        running = Demo(home, connection["dashboard"].rstrip("/"), connection)
        wait_for(
            lambda: len([1 for _, bars in running.rows(COUNT) if int(str(bars)) > ENOUGH]) == 4,
            "bars of four symbols",
            START_SECONDS,
        )
        yield running


@pytest.mark.timeout(900)
@pytest.mark.parametrize("line", AT_A_DEMO)
def test_a_command_at_a_demo(line: str, demo: Demo) -> None:
    assert demo.home.run(line.replace(DASHBOARD, demo.dashboard)) != ""


@pytest.mark.parametrize("query", commands("demo", "sql"))
def test_the_first_query(query: str, demo: Demo) -> None:
    assert len(demo.rows(query)) == 10


@pytest.mark.parametrize("line", commands("demo-stream"))
def test_a_command_that_shows_bars_as_they_come(line: str, demo: Demo) -> None:
    with demo.home.typed(line.replace(DASHBOARD, demo.dashboard)) as (_, said):
        wait_for(lambda: b"event: bars" in said.read_bytes(), "bars on the stream", 120)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("line", STARTS)
def test_a_demo_starts_and_ends_well(line: str, home: Home) -> None:
    with home.typed(line) as (process, said):
        wait_for(
            lambda: b"Tapeline runs." in said.read_bytes() or process.poll() is not None,
            line,
            START_SECONDS,
        )
        if "--seconds" in line:
            assert process.wait(COMMAND_SECONDS) == 0
        wait_for(lambda: re.search(rb"stored [1-9]", said.read_bytes()) is not None, "bars", 120)
    assert process.returncode == 0, said.read_text("utf-8")
    assert "The run of " in said.read_text("utf-8")
