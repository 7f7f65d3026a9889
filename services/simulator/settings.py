"""Environment variables go in, one frozen settings object comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.common.market.market_clock import MarketClock, parse_market_clock
from services.common.settings import (
    Environment,
    File,
    Integer,
    SettingError,
    Text,
    Words,
)
from services.common.shared_settings import (
    ALPHA_VANTAGE_PLAN,
    LOG_LEVEL,
    LOG_STYLE,
    MARKET_CLOCK,
)
from services.simulator.api.faults import parse_probabilities
from services.simulator.api.rate_limits import Plan, parse_plan

SIMULATOR_HOST: Final = Text("SIMULATOR_HOST", "The address to listen on.", "127.0.0.1")
SIMULATOR_PORT: Final = Integer(
    "SIMULATOR_PORT", "The port; 0 takes any free one (it is logged).", 0, 0, 65_535
)
SIMULATOR_URL_FILE: Final = File(
    "SIMULATOR_URL_FILE",
    "Write the URL of the API to this file once it answers.",
    "",
    internal=True,
)
SIMULATOR_SEED: Final = Integer(
    "SIMULATOR_SEED", "The same seed gives the same market and the same faults.", 1, 0, 2**31
)
SIMULATOR_BARS: Final = File(
    "SIMULATOR_BARS",
    "Serve recorded bars, as they stand in this CSV file (symbol,interval,exchange_time,open,high,"
    "low,close,volume[,exchange_tz]); only their symbols exist.",
)
SIMULATOR_FAULTS: Final = Words(
    "SIMULATOR_FAULTS",
    "Faults by probability, such as 429:0.05,hang:0.01,truncated:0.02.",
    "",
)


@dataclass(frozen=True)
class Settings:
    """All that can be set."""

    host: str
    port: int
    url_file: Path | None
    seed: int
    market_clock: MarketClock
    plan: Plan
    bars: Path | None
    faults: Mapping[str, float]
    log_level: str
    log_style: str


def read_settings(environment: Environment) -> Settings:
    """Read and check the settings; raises SettingError."""
    return Settings(
        host=SIMULATOR_HOST.read(environment),
        port=SIMULATOR_PORT.read(environment),
        url_file=SIMULATOR_URL_FILE.read(environment),
        seed=SIMULATOR_SEED.read(environment),
        market_clock=parse_market_clock(MARKET_CLOCK.read(environment)),
        plan=_plan(environment),
        bars=SIMULATOR_BARS.read(environment),
        faults=_faults(environment),
        log_level=LOG_LEVEL.read(environment),
        log_style=LOG_STYLE.read(environment),
    )


def _plan(environment: Environment) -> Plan:
    text = ALPHA_VANTAGE_PLAN.read(environment)
    try:
        return parse_plan(text)
    except ValueError:
        raise SettingError(
            f"ALPHA_VANTAGE_PLAN is {text!r}; it must be free, unlimited or the calls a minute "
            "of a premium plan, such as 75"
        ) from None


def _faults(environment: Environment) -> Mapping[str, float]:
    try:
        return parse_probabilities(SIMULATOR_FAULTS.read(environment))
    except ValueError as error:
        raise SettingError(
            f"SIMULATOR_FAULTS is wrong: {error}; write for example hang:0.01,429:0.05"
        ) from None
