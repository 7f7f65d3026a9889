"""The command as a person or a container starts and stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from services.simulator.main import market_clock_from
from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.fakes import utc

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "services.simulator.main"]
PATIENCE_SECONDS = 60


def environment(**variables: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, **variables}


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@contextmanager
def running(*arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_it_serves_and_stops_with_a_request_hanging(tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "url"
    options = ("--start", "2026-11-20T17:30:25+00:00", "--plan", "75")
    with running(*options, SIMULATOR_URL_FILE=str(file), SIMULATOR_FAULTS="hang:1") as process:
        line = first_line(process)
        url = file.read_text(encoding="utf-8").strip()
        assert f" serving {url}, plan 75, seed 1, market clock 2026-11-20T17:30:25+00:00@" in line
        base = url.removesuffix("/query")

        def hang() -> None:
            with pytest.raises(requests.exceptions.ConnectionError):
                requests.get(url, timeout=PATIENCE_SECONDS)

        caller = threading.Thread(target=hang)
        caller.start()
        give_up = time.monotonic() + PATIENCE_SECONDS
        while requests.get(f"{base}/requests", timeout=PATIENCE_SECONDS).json()["total"] == 0:
            assert time.monotonic() < give_up, "the request that hangs never came"

        process.send_signal(number)

        assert process.wait(PATIENCE_SECONDS) == 0
        caller.join()
        assert process.stdout is not None
        assert process.stdout.read() == ""
    assert list(tmp_path.iterdir()) == [file]


def test_options_win_over_variables() -> None:
    with running("--plan", "unlimited", "--seed", "7", ALPHA_VANTAGE_PLAN="75") as process:
        assert ", plan unlimited, seed 7, market clock real" in first_line(process)


def test_a_wrong_value_is_one_line() -> None:
    found = run("--port", "99999")

    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == (
        "simulator: SIMULATOR_PORT is '99999'; it must be a whole number from 0 to 65535\n"
    )


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    found = run("--url-file", str(tmp_path / "none" / "url"))

    assert found.returncode == 2
    assert found.stderr == (
        f"simulator: SIMULATOR_URL_FILE is {tmp_path}/none/url, which cannot be written: "
        "No such file or directory\n"
    )


def test_help_names_every_variable() -> None:
    found = run("--help")

    assert found.returncode == 0
    for name in (
        "SIMULATOR_HOST",
        "SIMULATOR_PORT",
        "SIMULATOR_URL_FILE",
        "SIMULATOR_SEED",
        "MARKET_CLOCK",
        "ALPHA_VANTAGE_PLAN",
        "SIMULATOR_BARS",
        "SIMULATOR_FAULTS",
        "LOG_LEVEL",
        "LOG_STYLE",
    ):
        assert f"[{name}]" in found.stdout


@pytest.mark.parametrize(
    ("start", "clock"),
    [
        pytest.param(
            "2026-11-16T14:30:00+00:00",
            "2026-11-16T14:30:00+00:00@2026-11-23T12:00:00+00:00*60",
            id="given",
        ),
        pytest.param(
            None,
            "2026-11-20T14:30:00+00:00@2026-11-23T12:00:00+00:00*60",
            id="open_of_the_newest_finished_session",
        ),
    ],
)
def test_market_clock(sessions: Sessions, start: str | None, clock: str) -> None:
    assert market_clock_from(start, "60", sessions, utc("2026-11-23T12:00:00")) == clock


def test_the_clock_goes_on_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    lines = []
    for speed in ("60", "30"):
        with running("--speed", speed, "--clock-file", str(file)) as process:
            lines.append(first_line(process))
    clocks = [line.partition("market clock ")[2].strip() for line in lines]
    kept = file.read_text("utf-8").strip()
    assert kept.endswith("*60")
    assert clocks == [kept, kept]
