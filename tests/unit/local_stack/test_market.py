"""Which market the demo runs on, and how its time goes on from run to run."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scripts.launcher.errors import SetupError
from scripts.local_stack import demo_options
from scripts.local_stack.market import Market, Recording, choose_market, last_open, read_recording

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(NOW, "2026-11-10T14:30:00+00:00", id="monday"),
        pytest.param(NOW + timedelta(days=1), "2026-11-17T14:30:00+00:00", id="tuesday"),
        pytest.param(datetime(2026, 7, 2, tzinfo=UTC), "2026-06-23T13:30:00+00:00", id="summer"),
        pytest.param(
            datetime(2026, 11, 18, 2, tzinfo=UTC), "2026-11-10T14:30:00+00:00", id="late-in-utc"
        ),
    ],
)
def test_last_open_is_a_tuesday_morning_in_new_york(now: datetime, expected: str) -> None:
    assert last_open(now).isoformat() == expected


def test_the_simulator_is_the_default(tmp_path: Path) -> None:
    market = choose_market(demo_options.parse([]), tmp_path / "market.json", NOW)
    assert market == Market(
        origin="simulator",
        simulated=True,
        clock="2026-11-10T14:30:00+00:00@2026-11-23T12:00:00+00:00*60",
        symbols="AAPL,TSLA,MSFT,AMZN",
        intervals="1min",
    )


def test_time_goes_on_in_the_next_run(tmp_path: Path) -> None:
    kept = tmp_path / "market.json"
    first = choose_market(demo_options.parse([]), kept, NOW)
    assert choose_market(demo_options.parse([]), kept, NOW + timedelta(minutes=5)) == first
    slower = choose_market(demo_options.parse(["--speed", "10"]), kept, NOW + timedelta(minutes=10))
    assert slower.clock == "2026-11-11T00:30:00+00:00@2026-11-23T12:10:00+00:00*10"
    assert json.loads(kept.read_text())["clock"] == slower.clock


def test_a_data_directory_keeps_to_its_market(tmp_path: Path) -> None:
    kept = tmp_path / "market.json"
    choose_market(demo_options.parse([]), kept, NOW)
    options = demo_options.parse(["--source", "http://127.0.0.1:1/query"])
    with pytest.raises(SetupError) as caught:
        choose_market(options, kept, NOW)
    assert str(caught.value) == (
        f"{tmp_path} holds bars of another market (simulator); choose another --data-dir"
    )


def test_a_data_directory_never_holds_simulated_and_real_bars_of_one_source(tmp_path: Path) -> None:
    key, kept = tmp_path / "key", tmp_path / "market.json"
    key.write_text("KEY\n")
    real = ["--source", "https://a.example/query", "--key-file", str(key)]
    for first, held, then, comes in (
        (real, "real", [*real, "--simulated"], "simulated"),
        ([*real, "--simulated"], "simulated", real, "real"),
    ):
        choose_market(demo_options.parse(first), kept, NOW)
        before = kept.read_text()
        with pytest.raises(SetupError) as caught:
            choose_market(demo_options.parse(then), kept, NOW)
        assert str(caught.value) == (
            f"{tmp_path} holds {held} bars of https://a.example/query, and {comes} ones are to "
            "come (--simulated); choose another --data-dir"
        )
        assert kept.read_text() == before
        kept.unlink()


@pytest.mark.parametrize(
    ("arguments", "simulated"),
    [
        pytest.param(["--source", "http://localhost:1/query"], True, id="loopback"),
        pytest.param(["--source", "https://a.example/query", "--simulated"], True, id="said-so"),
    ],
)
def test_a_source_has_the_real_clock(tmp_path: Path, arguments: list[str], simulated: bool) -> None:
    market = choose_market(demo_options.parse(arguments), tmp_path / "market.json", NOW)
    assert market == Market(arguments[1], simulated, "real", "AAPL,TSLA,MSFT,AMZN", None)


def test_recorded_bars_play_their_last_day_live(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    file.write_text(
        "symbol,interval,exchange_time,open,high,low,close,volume\n"
        "SPX,5min,2019-11-04 09:30:00,1,1,1,1,1\n"
        "SPX,1min,2019-11-05 09:31:00,1,1,1,1,1\n"
        "SPX,1min,2019-11-05 09:30:00,1,1,1,1,1\n"
        "NDX,1min,2019-11-04 09:31:00,1,1,1,1,1\n",
        encoding="utf-8",
    )
    assert read_recording(file) == Recording(
        ("SPX", "NDX"), "1min", datetime(2019, 11, 5, 14, 30, tzinfo=UTC)
    )
    options = demo_options.parse(["--bars", str(file), "--speed", "120"])
    assert choose_market(options, tmp_path / "market.json", NOW) == Market(
        origin=str(file),
        simulated=True,
        clock="2019-11-05T14:30:00+00:00@2026-11-23T12:00:00+00:00*120",
        symbols="SPX,NDX",
        intervals="1min",
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("date,close\n2019-11-04,1\n", id="other-columns"),
        pytest.param("symbol,interval,exchange_time\n", id="no-bar"),
        pytest.param("symbol,interval,exchange_time\nA,1min,today\n", id="no-date"),
        pytest.param("symbol,interval,exchange_time\nA,7min,2019-11-04\n", id="no-interval"),
    ],
)
def test_a_file_without_bars_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bars.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match="does not hold recorded bars"):
        read_recording(file)
