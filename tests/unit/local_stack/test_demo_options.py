"""The demo's command line refuses what cannot work, before anything is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.local_stack.demo_options import Options, is_loopback, parse


def test_defaults() -> None:
    assert parse([]) == Options(
        seconds=None,
        json_file=None,
        source=None,
        simulated=False,
        market_clock=None,
        bars=None,
        key_file=None,
        symbols=None,
        interval=None,
        plan=None,
        speed=60.0,
        data_dir=None,
        ports="auto",
        setup_seconds=0.0,
    )


def test_paths_are_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = parse(["--json", "out.json", "--data-dir", "state"])
    assert (options.json_file, options.data_dir) == (tmp_path / "out.json", tmp_path / "state")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["--source", "https://www.alphavantage.co/query"],
            "--source https://www.alphavantage.co/query needs --key-file with a file that holds "
            "the API key",
            id="no-key",
        ),
        pytest.param(
            ["--source", "http://127.0.0.1/query", "--key-file", "/nowhere"],
            "--key-file: there is no file /nowhere",
            id="no-key-file",
        ),
        pytest.param(
            ["--source", "ftp://x"], "--source must look like https://HOST/query", id="url"
        ),
        pytest.param(["--bars", "/nowhere"], "--bars: there is no file /nowhere", id="no-bars"),
        pytest.param(
            ["--source", "http://127.0.0.1/q", "--bars", "/etc/hostname"],
            "--bars is for the simulator, which --source replaces; give one of them",
            id="both",
        ),
        pytest.param(
            ["--simulated"],
            "--simulated, --market-clock and --key-file go with --source",
            id="simulated-alone",
        ),
        pytest.param(
            ["--seconds", "0"], "argument --seconds: invalid positive number value: '0'", id="zero"
        ),
        pytest.param(["--sec", "5"], "unrecognized arguments: --sec 5", id="abbreviation"),
    ],
)
def test_what_cannot_work_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"scripts/demo: error: {message}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:80/query", True),
        ("http://127.8.8.8/query", True),
        ("http://[::1]:80/query", True),
        ("http://localhost/query", True),
        ("https://www.alphavantage.co/query", False),
        ("http://192.168.1.1/query", False),
        ("http://127.0.0.1.example.com/query", False),
    ],
)
def test_is_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected
