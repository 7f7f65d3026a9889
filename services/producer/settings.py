"""The producer's settings: environment variables in, one checked and frozen object out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.settings import read_cluster
from services.common.market import bar
from services.common.market.market_clock import MarketClock, parse_market_clock
from services.common.settings import (
    Choice,
    Environment,
    File,
    Flag,
    Folder,
    Integer,
    Number,
    SettingError,
    Shape,
    Words,
)
from services.common.shared_settings import (
    ALPHA_VANTAGE_PLAN,
    HEARTBEAT_FILE,
    LOG_LEVEL,
    LOG_STYLE,
    MARKET_CLOCK,
    METRICS_HOST,
    METRICS_PORT,
    read_fail_point,
)
from services.producer.alpha_vantage.quota_planner import Plan, parse_plan
from services.producer.alpha_vantage.source import Source, read_source
from services.producer.alpha_vantage.watchlist_plan import AUTO, OFF, ON
from services.producer.series import DAY

SYMBOLS: Final = Words(
    "SYMBOLS",
    "What is fetched, with commas in between: shares, FX:EUR/USD, CRYPTO:BTC/USD, INDEX:SPX.",
    "AAPL,TSLA,MSFT,AMZN",
    Shape(
        f"(?ai:{bar.SYMBOL_PATTERN})",
        "symbols such as AAPL, TSCO.LON, FX:EUR/USD, CRYPTO:BTC/USD or INDEX:SPX, with commas "
        "between them",
        each=True,
    ),
)
SYMBOLS_FILE: Final = File(
    "SYMBOLS_FILE",
    "A file with one symbol per line, read again when it changes; it replaces SYMBOLS.",
)
INTERVALS: Final = Words(
    "INTERVALS",
    f"Of {', '.join(bar.INTERVALS)}; by default 5min, and 1d on the free plan.",
    "",
    Shape("|".join(bar.INTERVALS), f"one or more of {', '.join(bar.INTERVALS)}", each=True),
)
HISTORY_MONTHS: Final = Integer(
    "HISTORY_MONTHS", "Months of history beyond what one answer holds (premium).", 0, 0, 400
)
CORPORATE_ACTIONS: Final = Flag(
    "CORPORATE_ACTIONS",
    "true: splits and dividends too, at most two calls a symbol a day, a week on a free key.",
    True,
)
QUOTES: Final = Choice(
    "QUOTES",
    "on: the newest price of every share of the list that trades in the United States too, once a "
    "minute, 100 a call (premium); the first of the list get bars as well, as many as can be asked "
    "for once a bar. auto: so where not all of the list fits the plan as bars.",
    OFF,
    (OFF, AUTO, ON),
)
POLL_SECONDS: Final = Number(
    "POLL_SECONDS", "The least time between two looks at the same series.", 1.0, 0.0, 86_400.0
)
FETCH_PARALLEL: Final = Integer("FETCH_PARALLEL", "Calls under way at once.", 8, 1, 64)
DELIVERY_SECONDS: Final = Integer(
    "DELIVERY_SECONDS",
    "How long Kafka may take to acknowledge a bar before the producer sends it again.",
    120,
    2,
    3_600,
    internal=True,
)
PRODUCER_STATE_DIR: Final = Folder(
    "PRODUCER_STATE_DIR",
    "Where the producer remembers what Kafka has acknowledged, and the day's calls.",
    "./data/producer",
)


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
    corporate_actions: bool
    quotes: str
    kafka: KafkaCluster
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
    state_dir = PRODUCER_STATE_DIR.read(env)
    return Settings(
        source=read_source(env, plan),
        plan=plan,
        symbols=_symbols(env),
        symbols_file=SYMBOLS_FILE.read(env),
        intervals=_intervals(env, plan),
        poll_seconds=POLL_SECONDS.read(env),
        fetch_parallel=FETCH_PARALLEL.read(env),
        delivery_seconds=DELIVERY_SECONDS.read(env),
        history_months=HISTORY_MONTHS.read(env),
        corporate_actions=CORPORATE_ACTIONS.read(env),
        quotes=QUOTES.read(env),
        kafka=read_cluster(env),
        state_dir=state_dir,
        market_clock=parse_market_clock(MARKET_CLOCK.read(env)),
        metrics_host=METRICS_HOST.read(env),
        metrics_port=METRICS_PORT.read(env),
        heartbeat_file=HEARTBEAT_FILE.read(env) or state_dir / "heartbeat",
        log_level=LOG_LEVEL.read(env),
        log_style=LOG_STYLE.read(env),
        fail_at=read_fail_point(env),
    )


def _plan(env: Environment) -> Plan:
    text = ALPHA_VANTAGE_PLAN.read(env)
    try:
        return parse_plan(text)
    except ValueError as error:
        raise SettingError(f"ALPHA_VANTAGE_PLAN is {text!r}; {error}") from None


def _symbols(env: Environment) -> tuple[str, ...]:
    words = SYMBOLS.read(env)
    if not words:
        raise SettingError("SYMBOLS names no symbol")
    try:
        return tuple(dict.fromkeys(bar.normal_symbol(word) for word in words))
    except ValueError as error:
        raise SettingError(f"SYMBOLS: {error}") from None


def _intervals(env: Environment, plan: Plan) -> tuple[str, ...]:
    intervals = replace(INTERVALS, default="5min" if plan.premium else DAY).read(env)
    for interval in intervals:
        if interval not in bar.INTERVALS:
            raise SettingError(
                f"INTERVALS holds {interval!r}; choose from {', '.join(bar.INTERVALS)}"
            )
        if interval != DAY and not plan.premium:
            raise SettingError(
                f"INTERVALS holds {interval}, but intraday bars are a premium feature of Alpha "
                "Vantage: set INTERVALS=1d, or ALPHA_VANTAGE_PLAN to a premium key's calls a minute"
            )
    if not intervals:
        raise SettingError("INTERVALS names no interval")
    return intervals
