"""Settings of the containers that a stack carries to its host: what was given in, checked text out.

The names are those of .env.example. What is wrong must not wait for a container to find it out on
a rented machine, so each value is judged here as the service will judge it; a test holds the two
together. Needs nothing but the standard library, for `infra.outputs` reads settings back with it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Check = Callable[[str], str]
"""Returns what a value must be, or nothing if it is so."""

INTERVALS: Final = ("1min", "5min", "15min", "30min", "60min", "1d")
REALTIME_CALLS: Final = 150
KEEP_BOTH_WORDS: Final = "yes, keep both"
DATA_OF_BOTH: Final = "DATA_OF_BOTH_MARKETS"

_SYMBOL: Final = r"[A-Z0-9^][A-Z0-9.&\-]{0,15}"
_PASSWORD_IN_URL: Final = re.compile(r"://[^/\s@]*:[^/\s@]*@")

_IN_CLEAR: Final = re.compile(r"http://(?!localhost[:/]|127\.)")


def _number(least: float, most: float) -> Check:
    def check(value: str) -> str:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        return "" if least <= number <= most else f"a number from {least:g} to {most:g}"

    return check


def _whole(least: int, most: int) -> Check:
    def check(value: str) -> str:
        is_right = re.fullmatch(r"\d{1,18}", value) and least <= int(value) <= most
        return "" if is_right else f"a whole number from {least} to {most}"

    return check


def _like(pattern: str, described: str) -> Check:
    return lambda value: "" if re.fullmatch(pattern, value) else described


def _choice(*allowed: str) -> Check:
    return lambda value: "" if value in allowed else f"one of {', '.join(allowed)}"


def _list_of(pattern: str, described: str) -> Check:
    def check(value: str) -> str:
        words = _words(value)
        return "" if words and all(re.fullmatch(pattern, word) for word in words) else described

    return check


def _symbols(value: str) -> str:
    return _list_of(_SYMBOL, "symbols such as AAPL or TSCO.LON, with commas between them")(
        value.upper()
    )


def _plan(value: str) -> str:
    """Say the same as `services.producer.alpha_vantage.plan.parse_plan`."""
    is_right = value in ("free", "unlimited") or not _whole(1, 10_000_000)(value)
    return "" if is_right else "free, unlimited or a whole number of calls a minute"


_FLAG: Final = _choice("true", "false")
_MEMORY: Final = _like(r"[1-9]\d{0,5}[kmg]", "an amount of memory such as 512m or 2g")
_URL: Final = _like(r"https?://[^\s/?#@]+(/[^\s?#]*)?", "an address such as https://HOST/path")
_PROXY: Final = _like(r"https?://[^\s/?#@]+/?", "an address such as http://HOST:3128")
_TEXT: Final = _like(r".*", "text")

CHECKS: Final[Mapping[str, Check]] = {
    "ALPHA_VANTAGE_PLAN": _plan,
    "ALPHA_VANTAGE_ENTITLEMENT": _choice("none", "delayed", "realtime"),
    "ALPHA_VANTAGE_URL": _URL,
    "ALPHA_VANTAGE_FREE_CALLS_A_MINUTE": _whole(1, 60),
    "ALPHA_VANTAGE_RAPIDAPI": _FLAG,
    "SYMBOLS": _symbols,
    "INTERVALS": _list_of("|".join(INTERVALS), f"one or more of {', '.join(INTERVALS)}"),
    "EXTENDED_HOURS": _FLAG,
    "ADJUSTED": _FLAG,
    "HISTORY_MONTHS": _whole(0, 400),
    "POLL_SECONDS": _number(0, 86_400),
    "FETCH_PARALLEL": _whole(1, 64),
    "DELIVERY_SECONDS": _whole(2, 3_600),
    "SIMULATOR_SPEED": _number(0.001, 100_000),
    "SIMULATOR_SEED": _whole(0, 2**31),
    "SIMULATOR_LOAD_SYMBOLS": _whole(0, 100_000),
    "SIMULATOR_FAULTS": _TEXT,
    "SPARK_MASTER": _like(
        r"local(\[(\*|\d+)(,\d+)?\])?|spark://[^\s/]+", "local[N] or spark://HOST:PORT"
    ),
    "SPARK_DRIVER_MEMORY": _MEMORY,
    "SPARK_EXECUTOR_MEMORY": _MEMORY,
    "SPARK_WORKER_MEMORY": _MEMORY,
    "SPARK_WORKER_CORES": _whole(1, 1_024),
    "SPARK_JAVA_OPTIONS": _TEXT,
    "SPARK_UI": _FLAG,
    "TRIGGER_SECONDS": _number(0, 3_600),
    "MAX_OFFSETS_PER_TRIGGER": _whole(1, 10_000_000),
    "DRIVER_ROWS": _whole(0, 100_000),
    "STRAIGHT_ROWS": _whole(1, 10_000_000),
    "ACCEPT_LOST_OFFSETS": _FLAG,
    "REJECT_ALARM_RATIO": _number(0, 1),
    "INDICATORS": _FLAG,
    "DASHBOARD_HOST_NAMES": _list_of(r"[^\s,]+", "host names with commas between them"),
    "DASHBOARD_TRUSTED_PROXIES": _list_of(r"[0-9a-fA-F.:/]+", "addresses or networks"),
    "DASHBOARD_REQUESTS_A_MINUTE": _whole(1, 1_000_000),
    "DASHBOARD_VIEWERS": _whole(1, 10_000),
    **dict.fromkeys(
        (
            "KAFKA_MEMORY",
            "SIMULATOR_MEMORY",
            "PRODUCER_MEMORY",
            "POSTGRES_MEMORY",
            "STREAM_MEMORY",
            "DASHBOARD_MEMORY",
            "SPARK_WORKER_LIMIT",
        ),
        _MEMORY,
    ),
    "KAFKA_JAVA_OPTIONS": _TEXT,
    "LOG_LEVEL": _choice("DEBUG", "INFO", "WARNING", "ERROR"),
    "LOG_STYLE": _choice("text", "json"),
    "COMPOSE_PROFILES": _list_of(
        "spark-pages|pgadmin|kafka-ui", "one or more of spark-pages, pgadmin, kafka-ui"
    ),
    "BASE_IMAGE": _like(
        r"[a-z0-9][a-z0-9._/:-]*(@sha256:[0-9a-f]{64})?", "an image, as debian:trixie-slim"
    ),
    "PIP_INDEX_URL": _URL,
    "UV_INDEX_URL": _URL,
    "MAVEN_REPOSITORY_URL": _URL,
    "NPM_CONFIG_REGISTRY": _URL,
    "HTTP_PROXY": _PROXY,
    "HTTPS_PROXY": _PROXY,
    "NO_PROXY": _TEXT,
    DATA_OF_BOTH: _choice(KEEP_BOTH_WORDS),
}
"""Each setting that may be given; what others decide (ports, folders, versions) is not here."""


def checked(given: Mapping[str, Any], *, has_key: bool) -> dict[str, str]:
    """Return the settings as text, in the order of their names. Raises ValueError, one line.

    `has_key`: the stack gives a key of Alpha Vantage, so that its plan counts.
    """
    settings = {name: _as_text(value) for name, value in sorted(given.items())}
    for name, value in settings.items():
        _check(name, value)
    if has_key:
        _check_plan(settings)
    return settings


def _as_text(value: Any) -> str:
    """Return what Pulumi made a number or a boolean of as it was typed."""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _check(name: str, value: str) -> None:
    if name not in CHECKS:
        raise ValueError(f"{name} cannot be given so; there are {', '.join(sorted(CHECKS))}")
    if not value.isprintable() or "'" in value:
        raise ValueError(f"{name} must be one line without quotation marks")
    if _PASSWORD_IN_URL.search(value):
        raise ValueError(f"{name} holds a password, which images and logs would show")
    if wanted := CHECKS[name](value):
        raise ValueError(f"{name} is {value!r}; it must be {wanted}")


def _check_plan(settings: Mapping[str, str]) -> None:
    """Judge together what the vendor couples; the producer does the same when it starts."""
    plan = settings.get("ALPHA_VANTAGE_PLAN", "free")
    entitlement = settings.get("ALPHA_VANTAGE_ENTITLEMENT", "none")
    intraday = [word for word in _words(settings.get("INTERVALS", "")) if word != "1d"]
    if _IN_CLEAR.match(settings.get("ALPHA_VANTAGE_URL", "")):
        raise ValueError(
            "ALPHA_VANTAGE_URL is plain http, over which the key would travel in clear text: write "
            "https://"
        )
    if plan == "free" and intraday:
        raise ValueError(
            f"INTERVALS holds {intraday[0]}, but intraday bars are a premium feature of Alpha "
            "Vantage: set INTERVALS to 1d, or ALPHA_VANTAGE_PLAN to the key's calls a minute"
        )
    if plan == "free" and entitlement != "none":
        raise ValueError(
            f"ALPHA_VANTAGE_ENTITLEMENT is {entitlement!r}, which needs a premium plan: set "
            "ALPHA_VANTAGE_PLAN to its calls a minute, or the entitlement to none"
        )
    if entitlement == "realtime" and plan != "unlimited" and int(plan) < REALTIME_CALLS:
        raise ValueError(
            "ALPHA_VANTAGE_ENTITLEMENT is 'realtime', which needs a plan of at least "
            f"{REALTIME_CALLS} calls a minute; ALPHA_VANTAGE_PLAN is {plan}"
        )


def _words(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]
