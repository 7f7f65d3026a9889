"""Environment variables go in, one frozen settings object comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.common.bar import normal_symbol
from services.common.market_clock import MarketClock, parse_market_clock
from services.common.settings import Environment, SettingError
from services.simulator.api.calls import ENTITLEMENTS
from services.simulator.api.faults import parse_probabilities
from services.simulator.api.rate_limits import Plan, parse_plan

LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_STYLES: Final = ("text", "json")


@dataclass(frozen=True)
class Settings:
    """All that can be set. `symbols` None: every well-formed symbol exists."""

    host: str
    port: int
    url_file: Path | None
    seed: int
    market_clock: MarketClock
    plan: Plan
    default_entitlement: str
    bars: Path | None
    symbols: frozenset[str] | None
    faults: Mapping[str, float]
    hang_seconds: float
    log_level: str
    log_style: str


def read_settings(environment: Environment) -> Settings:
    """Read and check the settings; raises SettingError."""
    return Settings(
        host=environment.text("SIMULATOR_HOST", "127.0.0.1"),
        port=environment.integer("SIMULATOR_PORT", 0, 0, 65_535),
        url_file=_path(environment, "SIMULATOR_URL_FILE"),
        seed=environment.integer("SIMULATOR_SEED", 1, 0, 2**31),
        market_clock=parse_market_clock(environment.text("MARKET_CLOCK", "real")),
        plan=_plan(environment),
        default_entitlement=environment.choice(
            "SIMULATOR_DEFAULT_ENTITLEMENT", "realtime", ENTITLEMENTS
        ),
        bars=_path(environment, "SIMULATOR_BARS"),
        symbols=_symbols(environment),
        faults=_faults(environment),
        hang_seconds=environment.number("SIMULATOR_HANG_SECONDS", 60.0, 0.0, 86_400.0),
        log_level=environment.choice("LOG_LEVEL", "INFO", LOG_LEVELS),
        log_style=environment.choice("LOG_STYLE", "text", LOG_STYLES),
    )


def _path(environment: Environment, name: str) -> Path | None:
    text = environment.text(name, "")
    return Path(text) if text else None


def _plan(environment: Environment) -> Plan:
    text = environment.text("ALPHA_VANTAGE_PLAN", "free")
    try:
        return parse_plan(text)
    except ValueError:
        raise SettingError(
            f"ALPHA_VANTAGE_PLAN is {text!r}; it must be free, unlimited or the calls a minute "
            "of a premium plan, such as 75"
        ) from None


def _symbols(environment: Environment) -> frozenset[str] | None:
    """The named symbols and those for load; load alone takes none of the others away."""
    try:
        named = [normal_symbol(word) for word in environment.words("SIMULATOR_SYMBOLS", "")]
    except ValueError as error:
        raise SettingError(f"SIMULATOR_SYMBOLS: {error}") from None
    load = environment.integer("SIMULATOR_LOAD_SYMBOLS", 0, 0, 100_000)
    if not named:
        return None
    return frozenset(named) | {f"LOAD{number:04}" for number in range(1, load + 1)}


def _faults(environment: Environment) -> Mapping[str, float]:
    try:
        return parse_probabilities(environment.words("SIMULATOR_FAULTS", ""))
    except ValueError as error:
        raise SettingError(
            f"SIMULATOR_FAULTS is wrong: {error}; write for example hang:0.01,429:0.05"
        ) from None
