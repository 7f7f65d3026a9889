"""Says how each service of the pipeline is started: a run's facts in, environments out."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.installation.java import Java
from scripts.launcher.paths import CHART_LIBRARY, CONNECTOR_JARS, ROOT, SPARK_CLASS_ARCHIVE, VENV
from scripts.local_stack.addresses import Addresses
from scripts.local_stack.demo_options import SIMULATED_PLAN, Options
from scripts.local_stack.market import Market
from scripts.local_stack.servers.passwords import ADMINISTRATOR, ALERTS, DASHBOARD, ROLES
from scripts.local_stack.servers.ports import HOST
from scripts.local_stack.servers.processes import Command

DATABASE = "market"
PYTHON = VENV / "bin" / "python"
_FOREIGN = (
    *("SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_DRIVER_PYTHON", "PYSPARK_SUBMIT_ARGS"),
    # The demo's own broker asks for nothing.
    *("KAFKA_SECURITY_PROTOCOL", "KAFKA_USER", "KAFKA_CA_FILE"),
)


@dataclass(frozen=True)
class Run:
    """The facts of one run of the demo."""

    options: Options
    market: Market
    directory: Path
    addresses: Addresses
    java: Java
    passwords: Mapping[str, Path]

    @property
    def logs(self) -> Path:
        """Return where every process logs to, as NAME.log."""
        return self.directory / "logs"

    @property
    def source_url(self) -> str:
        """Return the endpoint that the producer asks."""
        return self.options.source or self.addresses.simulator_url


def migrate(run: Run) -> Command:
    """Return the process that brings the database to its schema."""
    secrets = {f"{role.upper()}_PASSWORD_FILE": str(run.passwords[role]) for role in ROLES}
    own = {
        "POSTGRES_ADMIN_USER": ADMINISTRATOR,
        "POSTGRES_ADMIN_PASSWORD_FILE": str(run.passwords[ADMINISTRATOR]),
        "MARKET_CLOCK": run.market.clock,
    }
    return _service(run, "migrate", "sql.migrate", {**_postgres(run), **own, **secrets})


def topics(run: Run) -> Command:
    """Return the process that creates the Kafka topics."""
    return _service(run, "topics", "services.topics.main", _kafka(run))


def simulator(run: Run) -> Command:
    """Return the stand-in for Alpha Vantage."""
    own = {
        "SIMULATOR_HOST": HOST,
        "SIMULATOR_PORT": str(run.addresses.simulator),
        "SIMULATOR_BARS": str(run.options.bars or ""),
        "MARKET_CLOCK": run.market.clock,
        "ALPHA_VANTAGE_PLAN": run.options.plan or SIMULATED_PLAN,
    }
    return _service(run, "simulator", "services.simulator.main", own)


def producer(run: Run) -> Command:
    """Return the process that fetches bars and publishes them."""
    options, market = run.options, run.market
    own = {
        "ALPHA_VANTAGE_URL": run.source_url,
        "ALPHA_VANTAGE_KEY_FILE": str(options.key_file or ""),
        "ALPHA_VANTAGE_PLAN": options.plan or (SIMULATED_PLAN if options.source is None else ""),
        "ALPHA_VANTAGE_SIMULATED": "true" if market.simulated else "false",
        "SYMBOLS": market.symbols,
        "INTERVALS": market.intervals or "",
        "MARKET_CLOCK": market.clock,
        "PRODUCER_STATE_DIR": str(run.directory / "producer"),
        "HEARTBEAT_FILE": str(heartbeat(run, "producer")),
        "METRICS_PORT": str(run.addresses.producer_metrics),
    }
    return _service(run, "producer", "services.producer.main", {**_kafka(run), **own})


def stream(run: Run) -> Command:
    """Return the process that brings the bars from Kafka into PostgreSQL."""
    own = {
        "POSTGRES_USER": "stream_writer",
        "POSTGRES_PASSWORD_FILE": str(run.passwords["stream_writer"]),
        "CHECKPOINT_DIR": str(run.directory / "checkpoint"),
        "CONNECTOR_JARS_DIR": str(CONNECTOR_JARS),
        "SPARK_CLASS_ARCHIVE": str(SPARK_CLASS_ARCHIVE),
        "HEARTBEAT_FILE": str(heartbeat(run, "stream")),
        "METRICS_PORT": str(run.addresses.stream_metrics),
        "JAVA_HOME": str(run.java.home),
        "PYSPARK_PYTHON": str(PYTHON),
        "SPARK_LOCAL_DIRS": str(run.directory / "spark"),
        "SPARK_LOCAL_IP": HOST,  # for its pages, should SPARK_UI ask for them
    }
    environment = {**_kafka(run), **_postgres(run), **own}
    return _service(run, "stream", "services.stream.main", environment)


def dashboard(run: Run) -> Command:
    """Return the process that serves the live page."""
    own = {
        "DASHBOARD_HOST": HOST,
        "DASHBOARD_PORT": str(run.addresses.dashboard),
        "DASHBOARD_SERVICE_PASSWORD_FILE": str(run.passwords[DASHBOARD]),
        "DASHBOARD_LIBRARY_DIR": str(CHART_LIBRARY),
        "DASHBOARD_PRODUCER_METRICS_URL": f"http://{HOST}:{run.addresses.producer_metrics}/metrics",
        "DASHBOARD_STREAM_METRICS_URL": f"http://{HOST}:{run.addresses.stream_metrics}/metrics",
    }
    return _service(run, "dashboard", "services.dashboard.main", {**_postgres(run), **own})


def alerts(run: Run) -> Command:
    """Return the process that evaluates rules and tells their receivers."""
    own = {
        "ALERTS_FILE": str(run.options.alerts or ""),
        "ALERTS_SERVICE_PASSWORD_FILE": str(run.passwords[ALERTS]),
        "HEARTBEAT_FILE": str(heartbeat(run, "alerts")),
    }
    return _service(run, "alerts", "services.alerts.main", {**_postgres(run), **own})


def heartbeat(run: Run, service: str) -> Path:
    """Return the file that the service marks while it works."""
    return run.directory / "heartbeats" / service


def _postgres(run: Run) -> dict[str, str]:
    return {
        "POSTGRES_HOST": HOST,
        "POSTGRES_PORT": str(run.addresses.postgres),
        "POSTGRES_DB": DATABASE,
    }


def _kafka(run: Run) -> dict[str, str]:
    return {"KAFKA_BOOTSTRAP": run.addresses.bootstrap}


def _service(run: Run, name: str, module: str, own: Mapping[str, str]) -> Command:
    """A service works in the data directory, so that nothing it drops lands elsewhere. Whoever
    kills the demo kills it too, at any point of its work: that may lose no bar."""
    inherited = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    return Command(
        name=name,
        arguments=[str(PYTHON), "-P", "-m", module],
        log=run.logs / f"{name}.log",
        environment={**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **own},
        directory=run.directory,
        orphan_signal=signal.SIGKILL,
    )
