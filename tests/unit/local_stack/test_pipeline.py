"""Each service gets exactly what it needs to know, and no password on its command line."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from scripts.installation.java import Java
from scripts.launcher.paths import CHART_LIBRARY, CONNECTOR_JARS, ROOT, SPARK_CLASS_ARCHIVE, VENV
from scripts.local_stack import demo_options, pipeline
from scripts.local_stack.addresses import Addresses
from scripts.local_stack.market import Market
from scripts.local_stack.pipeline import Run
from scripts.local_stack.servers.passwords import ADMINISTRATOR, ROLES
from scripts.local_stack.servers.processes import Command

MARKET = Market("simulator", True, "S@A*60", "AAPL,MSFT", "1min")


def make_run(*arguments: str, market: Market = MARKET) -> Run:
    return Run(
        options=demo_options.parse(arguments),
        market=market,
        directory=Path("/data"),
        addresses=Addresses(1, 2, 3, 4, 5, 6, 7),
        java=Java(Path("/java"), 21),
        passwords={role: Path(f"/secrets/{role}") for role in (ADMINISTRATOR, *ROLES)},
    )


def own(command: Command) -> dict[str, str]:
    """Return what the command's environment adds to the inherited one."""
    assert command.environment is not None
    common = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    added = {k: v for k, v in command.environment.items() if os.environ.get(k) != v or k in common}
    assert {k: added.pop(k) for k in common} == common
    return added


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("migrate", "sql.migrate"),
        ("topics", "services.topics.main"),
        ("simulator", "services.simulator.main"),
        ("producer", "services.producer.main"),
        ("stream", "services.stream.main"),
        ("dashboard", "services.dashboard.main"),
        ("alerts", "services.alerts.main"),
    ],
)
def test_a_service_runs_in_the_data_directory(name: str, module: str) -> None:
    command = getattr(pipeline, name)(make_run())
    assert command == Command(
        name=name,
        arguments=[str(VENV / "bin" / "python"), "-P", "-m", module],
        log=Path(f"/data/logs/{name}.log"),
        environment=command.environment,
        directory=Path("/data"),
        orphan_signal=signal.SIGKILL,
    )


def test_migrate() -> None:
    assert own(pipeline.migrate(make_run())) == {
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": "1",
        "POSTGRES_DB": "market",
        "POSTGRES_ADMIN_USER": "postgres",
        "POSTGRES_ADMIN_PASSWORD_FILE": "/secrets/postgres",
        "MARKET_CLOCK": "S@A*60",
        "MARKET_OWNER_PASSWORD_FILE": "/secrets/market_owner",
        "STREAM_WRITER_PASSWORD_FILE": "/secrets/stream_writer",
        "ALERTS_SERVICE_PASSWORD_FILE": "/secrets/alerts_service",
        "DASHBOARD_SERVICE_PASSWORD_FILE": "/secrets/dashboard_service",
        "DASHBOARD_READER_PASSWORD_FILE": "/secrets/dashboard_reader",
        "POWERBI_READER_PASSWORD_FILE": "/secrets/powerbi_reader",
        "POSTGRES_EXPORTER_PASSWORD_FILE": "/secrets/postgres_exporter",
    }


def test_simulator() -> None:
    assert own(pipeline.simulator(make_run("--plan", "75"))) == {
        "SIMULATOR_HOST": "127.0.0.1",
        "SIMULATOR_PORT": "4",
        "SIMULATOR_BARS": "",
        "MARKET_CLOCK": "S@A*60",
        "ALPHA_VANTAGE_PLAN": "75",
    }


def test_producer_asks_the_simulator() -> None:
    assert own(pipeline.producer(make_run())) == {
        "KAFKA_BOOTSTRAP": "127.0.0.1:2",
        "ALPHA_VANTAGE_URL": "http://127.0.0.1:4/query",
        "ALPHA_VANTAGE_KEY_FILE": "",
        "ALPHA_VANTAGE_PLAN": "1200",
        "ALPHA_VANTAGE_SIMULATED": "true",
        "SYMBOLS": "AAPL,MSFT",
        "INTERVALS": "1min",
        "MARKET_CLOCK": "S@A*60",
        "PRODUCER_STATE_DIR": "/data/producer",
        "HEARTBEAT_FILE": "/data/heartbeats/producer",
        "METRICS_PORT": "5",
    }


def test_producer_asks_a_source(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch()
    url = "https://www.alphavantage.co/query"
    market = Market(url, False, "real", "IBM", None)
    command = pipeline.producer(make_run("--source", url, "--key-file", str(key), market=market))
    changed = {
        "ALPHA_VANTAGE_URL": url,
        "ALPHA_VANTAGE_KEY_FILE": str(key),
        "ALPHA_VANTAGE_PLAN": "",
        "ALPHA_VANTAGE_SIMULATED": "false",
        "SYMBOLS": "IBM",
        "INTERVALS": "",
        "MARKET_CLOCK": "real",
    }
    assert own(command) == own(pipeline.producer(make_run())) | changed


def test_dashboard() -> None:
    assert own(pipeline.dashboard(make_run())) == {
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": "1",
        "POSTGRES_DB": "market",
        "DASHBOARD_HOST": "127.0.0.1",
        "DASHBOARD_PORT": "7",
        "DASHBOARD_SERVICE_PASSWORD_FILE": "/secrets/dashboard_service",
        "DASHBOARD_LIBRARY_DIR": str(CHART_LIBRARY),
        "DASHBOARD_PRODUCER_METRICS_URL": "http://127.0.0.1:5/metrics",
        "DASHBOARD_STREAM_METRICS_URL": "http://127.0.0.1:6/metrics",
    }


def test_alerts(tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").touch()
    assert own(pipeline.alerts(make_run("--alerts", str(tmp_path / "alerts.yaml")))) == {
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": "1",
        "POSTGRES_DB": "market",
        "ALERTS_FILE": str(tmp_path / "alerts.yaml"),
        "ALERTS_SERVICE_PASSWORD_FILE": "/secrets/alerts_service",
        "HEARTBEAT_FILE": "/data/heartbeats/alerts",
    }


def test_stream() -> None:
    assert own(pipeline.stream(make_run())) | {"JAVA_HOME": "/java"} == {
        "KAFKA_BOOTSTRAP": "127.0.0.1:2",
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": "1",
        "POSTGRES_DB": "market",
        "POSTGRES_USER": "stream_writer",
        "POSTGRES_PASSWORD_FILE": "/secrets/stream_writer",
        "CHECKPOINT_DIR": "/data/checkpoint",
        "CONNECTOR_JARS_DIR": str(CONNECTOR_JARS),
        "SPARK_CLASS_ARCHIVE": str(SPARK_CLASS_ARCHIVE),
        "HEARTBEAT_FILE": "/data/heartbeats/stream",
        "METRICS_PORT": "6",
        "JAVA_HOME": "/java",
        "PYSPARK_PYTHON": str(VENV / "bin" / "python"),
        "SPARK_LOCAL_DIRS": "/data/spark",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def test_a_foreign_spark_is_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_HOME", "/opt/spark")
    environment = pipeline.stream(make_run()).environment
    assert environment is not None
    assert "SPARK_HOME" not in environment
