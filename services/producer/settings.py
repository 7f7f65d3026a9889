"""The producer's settings: environment variables in, one checked and frozen object out."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

from services.common import fail_points
from services.common.bar import INTERVALS, normal_symbol
from services.common.market_clock import MarketClock, parse_market_clock
from services.common.secret import Secret
from services.common.settings import Environment, SettingError
from services.producer.alpha_vantage.plan import REALTIME_PLAN_CALLS, Plan, parse_plan
from services.producer.series import DAY

DEFAULT_URL: Final = "https://www.alphavantage.co/query"
_SIMULATOR_KEY: Final = "tapeline-simulator"  # the simulator takes any key
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Source:
    """Where bars come from: endpoint, key and form of the call."""

    url: str
    key: Secret
    rapidapi: bool
    simulated: bool
    entitlement: str
    extended_hours: bool
    adjusted: bool

    @property
    def host(self) -> str:
        """Return the endpoint's host name."""
        return urlsplit(self.url).hostname or ""

    @property
    def name(self) -> str:
        """Return the `source` of every bar."""
        return "simulator" if self.simulated else "alphavantage"

    def freshness(self, interval: str) -> str:
        """Return the `freshness` of a bar of this interval."""
        if self.simulated:
            return "simulated"
        if interval == DAY:
            return "end_of_day"
        levels = {"realtime": "realtime", "delayed": "delayed_15min", "none": "historical"}
        return levels[self.entitlement]

    def secrets(self) -> tuple[Secret, ...]:
        """Return the key in every form in which it could reach a log line."""
        key = self.key.reveal()
        return tuple(Secret(form) for form in dict.fromkeys((key, quote(key, ""), quote_plus(key))))


@dataclass(frozen=True)
class Settings:
    """All that the producer can be told from outside."""

    source: Source
    plan: Plan
    symbols: tuple[str, ...]
    symbols_file: Path | None
    intervals: tuple[str, ...]
    poll_seconds: float
    fetch_parallel: int
    delivery_seconds: int
    history_months: int
    kafka_bootstrap: tuple[str, ...]
    state_dir: Path
    market_clock: MarketClock
    metrics_host: str
    metrics_port: int
    heartbeat_file: Path
    log_level: str
    log_style: str
    fail_at: str


def read_settings(env: Environment) -> Settings:
    """Return the checked settings. Raises SettingError."""
    plan = _plan(env)
    state_dir = env.path("PRODUCER_STATE_DIR", "./data/producer")
    symbols_file = env.text("SYMBOLS_FILE", "")
    return Settings(
        source=_source(env, plan),
        plan=plan,
        symbols=_symbols(env),
        symbols_file=Path(symbols_file) if symbols_file else None,
        intervals=_intervals(env, plan),
        poll_seconds=env.number("POLL_SECONDS", 1.0, 0.0, 86_400.0),
        fetch_parallel=env.integer("FETCH_PARALLEL", 8, 1, 64),
        delivery_seconds=env.integer("DELIVERY_SECONDS", 120, 2, 3_600),
        history_months=env.integer("HISTORY_MONTHS", 0, 0, 400),
        kafka_bootstrap=_kafka_bootstrap(env),
        state_dir=state_dir,
        market_clock=parse_market_clock(env.text("MARKET_CLOCK", "real")),
        metrics_host=env.text("METRICS_HOST", "127.0.0.1"),
        metrics_port=env.integer("METRICS_PORT", -1, -1, 65_535),
        heartbeat_file=env.path("HEARTBEAT_FILE", str(state_dir / "heartbeat")),
        log_level=env.choice("LOG_LEVEL", "INFO", _LEVELS),
        log_style=env.choice("LOG_STYLE", "text", ("text", "json")),
        fail_at=fail_points.checked(env.text("FAIL_AT", "")),
    )


def _plan(env: Environment) -> Plan:
    text = env.text("ALPHA_VANTAGE_PLAN", "free")
    free_calls = env.integer("ALPHA_VANTAGE_FREE_CALLS_A_MINUTE", 5, 1, 60)
    try:
        return parse_plan(text, free_calls)
    except ValueError as error:
        raise SettingError(f"ALPHA_VANTAGE_PLAN is {text!r}; {error}") from None


def _source(env: Environment, plan: Plan) -> Source:
    url = env.text("ALPHA_VANTAGE_URL", DEFAULT_URL)
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
        raise SettingError(
            "ALPHA_VANTAGE_URL must look like https://HOST/query, without user, key or parameters"
        )
    simulated = env.flag("ALPHA_VANTAGE_SIMULATED", False)
    key, host = read_key(env, simulated), urlsplit(url).hostname or ""
    if url.startswith("http:") and not is_loopback(host) and key.reveal() != _SIMULATOR_KEY:
        raise SettingError(
            f"ALPHA_VANTAGE_URL is {url}, over which the key would travel in clear text: write "
            "https://. Plain http is for this machine, and for a simulator that is asked without "
            "ALPHA_VANTAGE_KEY (ALPHA_VANTAGE_SIMULATED=true)"
        )
    rapidapi = host.endswith(".rapidapi.com") or env.flag("ALPHA_VANTAGE_RAPIDAPI", False)
    return Source(
        url=url,
        key=key,
        rapidapi=rapidapi,
        simulated=simulated,
        entitlement=_entitlement(env, plan),
        extended_hours=env.flag("EXTENDED_HOURS", True),
        adjusted=env.flag("ADJUSTED", True),
    )


def is_loopback(host: str) -> bool:
    """Return whether a host of a URL is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_key(env: Environment, simulated: bool) -> Secret:
    """Return the key, or raise SettingError for what no key is."""
    key = env.secret("ALPHA_VANTAGE_KEY", _SIMULATOR_KEY if simulated else "")
    if not key:
        raise SettingError(
            "ALPHA_VANTAGE_KEY is not set; put a key of https://www.alphavantage.co/support/"
            "#api-key into it, or into the file that ALPHA_VANTAGE_KEY_FILE names"
        )
    strange = [letter for letter in key.reveal() if not letter.isprintable()]
    if strange:
        raise SettingError(
            f"ALPHA_VANTAGE_KEY holds a character that no key has (U+{ord(strange[0]):04X})"
        )
    return key


def _entitlement(env: Environment, plan: Plan) -> str:
    entitlement = env.choice("ALPHA_VANTAGE_ENTITLEMENT", "none", ("none", "delayed", "realtime"))
    if entitlement != "none" and not plan.premium:
        raise SettingError(
            f"ALPHA_VANTAGE_ENTITLEMENT is {entitlement!r}, which needs a premium plan: set "
            "ALPHA_VANTAGE_PLAN to its calls a minute, or the entitlement to none"
        )
    slow = plan.per_minute is not None and plan.per_minute < REALTIME_PLAN_CALLS
    if entitlement == "realtime" and slow:
        raise SettingError(
            "ALPHA_VANTAGE_ENTITLEMENT is 'realtime', which needs a plan of at least "
            f"{REALTIME_PLAN_CALLS} calls a minute; ALPHA_VANTAGE_PLAN is {plan.name}"
        )
    return entitlement


def _kafka_bootstrap(env: Environment) -> tuple[str, ...]:
    addresses = env.words("KAFKA_BOOTSTRAP", "127.0.0.1:9092")
    for address in addresses:
        if not re.fullmatch(r"([^\s:/]+|\[[0-9A-Fa-f:]+\]):\d{1,5}", address):
            raise SettingError(f"KAFKA_BOOTSTRAP holds {address!r}; it must be HOST:PORT")
    if not addresses:
        raise SettingError("KAFKA_BOOTSTRAP names no broker")
    return addresses


def _symbols(env: Environment) -> tuple[str, ...]:
    words = env.words("SYMBOLS", "AAPL,TSLA,MSFT,AMZN")
    if not words:
        raise SettingError("SYMBOLS names no symbol")
    try:
        return tuple(dict.fromkeys(normal_symbol(word) for word in words))
    except ValueError as error:
        raise SettingError(f"SYMBOLS: {error}") from None


def _intervals(env: Environment, plan: Plan) -> tuple[str, ...]:
    intervals = env.words("INTERVALS", "5min" if plan.premium else DAY)
    for interval in intervals:
        if interval not in INTERVALS:
            raise SettingError(f"INTERVALS holds {interval!r}; choose from {', '.join(INTERVALS)}")
        if interval != DAY and not plan.premium:
            raise SettingError(
                f"INTERVALS holds {interval}, but intraday bars are a premium feature of Alpha "
                "Vantage: set INTERVALS=1d, or ALPHA_VANTAGE_PLAN to a premium key's calls a minute"
            )
    if not intervals:
        raise SettingError("INTERVALS names no interval")
    return intervals
