from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.common.kafka_cluster import settings as kafka_settings
from services.common.settings import Setting
from services.producer import settings
from services.producer.alpha_vantage import source
from services.producer.main import main
from tests.unit.producer.fakes import endpoint, reply

ROOT = Path(__file__).parents[3]
KEY = "S3CRETKEY"


@contextmanager
def _closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        yield taken.getsockname()[1]


def test_help_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    modules = (source, kafka_settings, settings)
    known = [value for module in modules for value in vars(module).values()]
    declared = [one for one in known if isinstance(one, Setting)]
    assert {"ALPHA_VANTAGE_KEY", "SYMBOLS"} <= {one.name for one in declared}
    unsaid = {one.name for one in declared if f"  {one.name}" not in text}
    assert unsaid == {one.name for one in declared if one.internal}


def test_a_wrong_setting_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    variables = {"ALPHA_VANTAGE_KEY": KEY, "ALPHA_VANTAGE_PLAN": "gold"}
    assert main([], variables) == 2
    assert capsys.readouterr().err == (
        "producer: ALPHA_VANTAGE_PLAN is 'gold'; it must be free, unlimited or a whole number of "
        "calls a minute\n"
    )


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    return {
        "ALPHA_VANTAGE_KEY": KEY,
        "ALPHA_VANTAGE_PLAN": "150",
        "PRODUCER_STATE_DIR": str(tmp_path / "state"),
        "SYMBOLS": "AAPL",
        "METRICS_PORT": "0",
        "PATH": os.environ["PATH"],
    }


def _start(variables: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "services.producer.main", *arguments],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    said = ""
    while words not in said:
        line = process.stdout.readline()
        assert line, f"it ended after saying {said}"
        said += line
    return said


def test_a_second_producer_on_the_same_state_does_not_start(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    (tmp_path / "state").mkdir()
    with (tmp_path / "state" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = _start(variables)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "another producer runs on PRODUCER_STATE_DIR" in out.splitlines()[-1]


def test_a_set_that_cannot_fit_is_refused_at_the_start(variables: dict[str, str]) -> None:
    symbols = ",".join(f"S{number}" for number in range(26))
    process = _start({**variables, "ALPHA_VANTAGE_PLAN": "free", "SYMBOLS": symbols})
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "SYMBOLS do not fit ALPHA_VANTAGE_PLAN" in out
    assert "keep at most 25 series" in out


def test_a_bad_key_ends_the_producer_without_showing_it(variables: dict[str, str]) -> None:
    body = b'{"Error Message": "the parameter apikey is invalid or missing. S3CRETKEY"}'
    with endpoint(reply(body)) as served, _closed_port() as port:
        process = _start(
            {
                **variables,
                "ALPHA_VANTAGE_URL": served.url,
                "KAFKA_BOOTSTRAP": f"127.0.0.1:{port}",
                "LOG_LEVEL": "DEBUG",
            }
        )
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "the API refuses the key: the parameter apikey is invalid or missing. ***" in out
    # The next run tells why this one ended.
    stopped = Path(variables["PRODUCER_STATE_DIR"]) / "stopped"
    assert stopped.read_text("utf-8") == "key_refused\n"
    assert KEY not in out
    assert "Traceback" not in out


def test_sigterm_stops_it_while_kafka_is_away(tmp_path: Path, variables: dict[str, str]) -> None:
    (tmp_path / "state").mkdir()
    body = (
        b'{"Meta Data": {"2. Symbol": "AAPL", "6. Time Zone": "US/Eastern"}, "Time Series (5min)":'
        b' {"2025-11-06 19:55:00": {"1. open": "1", "2. high": "1", "3. low": "1",'
        b' "4. close": "1", "5. volume": "1"}}}'
    )
    (tmp_path / "state" / "producer.sqlite").write_bytes(b"damaged" * 1_000)
    with endpoint(reply(body)) as served, _closed_port() as port:
        process = _start(
            {
                **variables,
                "ALPHA_VANTAGE_URL": served.url,
                "KAFKA_BOOTSTRAP": f"127.0.0.1:{port}",
            }
        )
        said = _read_until(process, "bars wait and nothing is lost")
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
    out = said + rest
    assert process.returncode == 0
    assert "the state was damaged and is now" in out
    assert "stopped; 1 bars are fetched again at the next start" in out
    assert KEY not in out
    assert "Traceback" not in out
