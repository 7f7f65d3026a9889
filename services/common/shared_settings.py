"""The settings that more than one service reads, each declared once; Kafka's are in a folder
beside this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.common import fail_points
from services.common.secret import Secret
from services.common.settings import (
    Choice,
    Environment,
    File,
    Integer,
    SecretText,
    Shape,
    Text,
)

ALPHA_VANTAGE_PLAN: Final = Text(
    "ALPHA_VANTAGE_PLAN",
    "free (25 calls a day, 1 a second, daily bars only), unlimited, or the calls a minute of a "
    "premium plan, such as 75.",
    "free",
    Shape(
        r"free|unlimited|0*([1-9]\d{0,6}|10000000)",
        "free, unlimited or a whole number of calls a minute",
    ),
)
MARKET_CLOCK: Final = Text(
    "MARKET_CLOCK",
    "real, or START@ANCHOR*SPEED for a market that replays the past: at the instant ANCHOR it "
    "stood at START, and since then it moves SPEED times as fast.",
    "real",
)
POSTGRES_HOST: Final = Text("POSTGRES_HOST", "Where PostgreSQL is.", "127.0.0.1")
POSTGRES_PORT: Final = Integer("POSTGRES_PORT", "The port of PostgreSQL.", 5432, 1, 65_535)
POSTGRES_DB: Final = Text("POSTGRES_DB", "The database.", "market")
DASHBOARD_SERVICE_PASSWORD: Final = SecretText(
    "DASHBOARD_SERVICE_PASSWORD", "The password of the role dashboard_service."
)
ALERTS_SERVICE_PASSWORD: Final = SecretText(
    "ALERTS_SERVICE_PASSWORD", "The password of the role alerts_service."
)
METRICS_HOST: Final = Text("METRICS_HOST", "Where Prometheus metrics are served.", "127.0.0.1")
METRICS_PORT: Final = Integer(
    "METRICS_PORT",
    "The port of the Prometheus metrics; -1 is off, 0 any free port (it is logged).",
    -1,
    -1,
    65_535,
)
HEARTBEAT_FILE: Final = File(
    "HEARTBEAT_FILE",
    "A file that the service touches while it works; heartbeat_healthcheck.sh FILE SECONDS, of "
    "`services/common/process`, says whether it did lately. The producer's default is heartbeat in "
    "PRODUCER_STATE_DIR.",
)
LOG_LEVEL: Final = Choice(
    "LOG_LEVEL",
    "The least serious messages that are logged: DEBUG, INFO, WARNING or ERROR.",
    "INFO",
    ("DEBUG", "INFO", "WARNING", "ERROR"),
)
LOG_STYLE: Final = Choice(
    "LOG_STYLE", "text (one line an event) or json.", "text", ("text", "json")
)
FAIL_AT: Final = Text(
    "FAIL_AT",
    "The process dies, as by kill -9, at this point of its work, or with `point:n` the n-th time "
    "that it comes there.",
    "",
    internal=True,
)


@dataclass(frozen=True)
class PostgresAddress:
    """Where the database is; the account is the service's own."""

    host: str
    port: int
    database: str
    password: Secret

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"


def read_fail_point(env: Environment) -> str:
    """Return the fail point to arm, or nothing. Raises SettingError."""
    return fail_points.checked(FAIL_AT.read(env))
