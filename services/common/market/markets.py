"""What Alpha Vantage offers of each market: which function brings its bars, for which plan.

In: a symbol. Out: its market, and the codes that a call names it by. The producer asks by this
table and refuses by it what a plan does not include; the simulator answers by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.common.market.exchanges import CRYPTO, FOREX, INDICES, Exchange


@dataclass(frozen=True)
class Function:
    """One function of the API. `is_premium`: a free key has nothing of it; `full_is_premium`: it
    has no more than the newest 100 bars; without `has_size` an answer is always the whole."""

    name: str
    is_premium: bool = False
    full_is_premium: bool = False
    has_size: bool = True


@dataclass(frozen=True)
class Market:
    """What is traded alike. `exchange` has its days and its clock; those of shares are told by the
    symbol's suffix. `is_pair`: one currency in units of another. `has_months`: a month of the past
    can be asked for. `needs_entitlement`: what comes without one ends with the last session.
    `has_actions`: its prices know splits."""

    title: str
    exchange: Exchange | None
    daily: Function
    intraday: Function | None
    is_pair: bool = False
    has_volume: bool = True
    has_months: bool = False
    needs_entitlement: bool = False
    has_actions: bool = False

    def function(self, interval: str) -> Function | None:
        """Return the function that brings bars of an interval, if there is one."""
        return self.daily if interval == "1d" else self.intraday


SHARES: Final = Market(
    "shares",
    None,
    Function("TIME_SERIES_DAILY", full_is_premium=True),
    Function("TIME_SERIES_INTRADAY", is_premium=True),
    has_months=True,
    needs_entitlement=True,
    has_actions=True,
)
_OTHERS: Final = (
    Market(
        "foreign exchange",
        FOREX,
        Function("FX_DAILY"),
        Function("FX_INTRADAY", is_premium=True),
        is_pair=True,
        has_volume=False,
    ),
    Market(
        "digital currencies",
        CRYPTO,
        Function("DIGITAL_CURRENCY_DAILY", has_size=False),
        Function("CRYPTO_INTRADAY", is_premium=True),
        is_pair=True,
    ),
    Market(
        "indices",
        INDICES,
        Function("INDEX_DATA", is_premium=True, has_size=False),
        None,
        has_volume=False,
    ),
)
MARKETS: Final = MappingProxyType(
    {"": SHARES} | {each.exchange.market: each for each in _OTHERS if each.exchange is not None}
)
"""Every market by what stands before the colon of its symbols."""


def market_of(symbol: str) -> Market:
    """Return the market of a whole symbol."""
    name, colon, _ = symbol.partition(":")
    return MARKETS[name if colon else ""]


def codes_of(symbol: str) -> tuple[str, str]:
    """Return the two codes of a pair, or a name and nothing."""
    code, _, quoted_in = symbol.rpartition(":")[2].partition("/")
    return code, quoted_in


def intervals_of(symbol: str, intervals: tuple[str, ...]) -> tuple[str, ...]:
    """Return those intervals that there are of a symbol; what has only days is asked for by day."""
    has_any = tuple(each for each in intervals if market_of(symbol).function(each) is not None)
    return has_any or ("1d",)
