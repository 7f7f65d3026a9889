"""The pure parts of the benchmark: its sample, its rates, its percentiles and its table."""

from __future__ import annotations

import pytest

from scripts.benchmarking.main import main
from scripts.benchmarking.measurements.delay import percentiles
from scripts.benchmarking.measurements.drain_rate import steady_rate
from scripts.benchmarking.peers.debezium import flat
from scripts.benchmarking.peers.peer import Target
from scripts.benchmarking.report import Line, table
from scripts.benchmarking.sample import samples
from scripts.launcher.errors import SetupError
from services.common.market.bar import Bar, Ohlcv
from services.stream.decoding.copy_text import LINE_COLUMNS


def test_the_sample_comes_minute_by_minute_in_the_events_own_form() -> None:
    bars = list(samples(1001, version=2))
    assert [(bar.symbol, bar.minute) for bar in (bars[0], bars[499], bars[500], bars[1000])] == [
        ("S00000", 0),
        ("S00499", 0),
        ("S00000", 1),
        ("S00000", 2),
    ]
    event = Bar(
        symbol="S00000",
        interval="1min",
        exchange_time="2025-03-03 14:32:00",
        exchange_tz="UTC",
        ohlcv=Ohlcv("101.4200", "102.4200", "100.4200", "101.9200", "62"),
        source="simulator",
        freshness="simulated",
        adjusted=False,
        is_final=True,
        observed_at="2025-06-01T12:00:02Z",
    )
    assert bars[1000].event() == event.to_json()
    fields = bars[1000].line(4, 17).rstrip("\n").split("\t")
    assert dict(zip(LINE_COLUMNS, fields, strict=True)) == {
        "symbol": "S00000",
        "bar_time": "2025-03-03 14:32:00",
        "interval": "1min",
        "open": "101.4200",
        "high": "102.4200",
        "low": "100.4200",
        "close": "101.9200",
        "volume": "62",
        "session_date": "2025-03-03",
        "source": "simulator",
        "freshness": "simulated",
        "basis": "raw",
        "is_final": "true",
        "observed_at": "2025-06-01T12:00:02Z",
        "kafka_partition": "4",
        "kafka_offset": "17",
    }


def test_debeziums_records_hold_each_column_in_a_type_of_connect() -> None:
    [bar] = samples(1)
    assert flat(bar.line(4, 17)) == (
        '{"symbol":"S00000","bar_time":"2025-03-03T14:30:00Z","interval":"1min",'
        '"open":100.0000,"high":101.0000,"low":99.0000,"close":100.5000,"volume":0,'
        '"source":"simulator","freshness":"simulated",'
        '"basis":"raw","is_final":true,"observed_at":"2025-06-01T12:00:00Z",'
        '"kafka_partition":4,"kafka_offset":17}'
    )


def test_a_rate_leaves_the_first_fifth_out() -> None:
    points = [(0.0, 0), (10.0, 100), (12.0, 250), (13.0, 600), (16.0, 1000)]
    assert steady_rate(points) == (1000 - 250) / (16 - 12)
    with pytest.raises(SetupError):
        steady_rate([(0.0, 0), (1.0, 1000)])


def test_percentiles_are_values_that_were_measured() -> None:
    delays = [number / 100 for number in range(101)]
    assert percentiles(delays) == (0.5, 0.9, 0.99, 1.0)
    assert percentiles([0.25]) == (0.25, 0.25, 0.25, 0.25)


def test_a_target_survives_the_command_line() -> None:
    target = Target("127.0.0.1:9092", "bars", 6, 1000, 5432, "market")
    assert Target.parse(target.words()) == target


def test_the_table_names_the_machine_and_every_figure() -> None:
    lines = [Line("B", "200,000 bars/s"), Line("writer", "180,000 bars/s", "0.90 B", "≥ 0.70 B")]
    assert table({"date": "2026-11-24", "Spark": "4.2.0"}, lines) == (
        "Measured on date 2026-11-24, Spark 4.2.0.\n"
        "\n"
        "| measured | figure         | ratio  | target   |\n"
        "|----------|----------------|--------|----------|\n"
        "| B        | 200,000 bars/s |        |          |\n"
        "| writer   | 180,000 bars/s | 0.90 B | ≥ 0.70 B |"
    )


def test_what_cannot_be_measured_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["speed"])
    assert caught.value.code == 2
    assert "invalid choice: 'speed'" in capsys.readouterr().err
