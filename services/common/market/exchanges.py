"""Every exchange that a symbol can name: its clock, its hours, its calendar, its quote unit.

In: a symbol as Alpha Vantage writes it, or MARKET:NAME for what is no share. Out: the exchange that
its suffix or its market names, or none. The producer, the simulator, the stream, the database's
functions and the page all go by this table; holidays and half days are the calendars'
(`services.calendars`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Exchange:
    """One exchange.

    `code` is its market identifier code and `calendar` the calendar library's name for its days.
    `opens`, `closes` and `break_hours` are today's regular hours on its own clock (`zone`), for
    dates of which the calendar knows nothing. `early_opens` and `late_closes_after` bound what is
    traded around them; from the `evening` on a trade belongs to the next trade date.
    `close_delay`: a closing auction, or trading on another floor, may set a day's close so long
    after the calendar's close. `quote_unit` is what prices of a symbol are in unless more is known:
    of a pair what stands after its slash, of an index none. `market` is what stands before the
    colon in symbols of no share.
    """

    code: str
    calendar: str
    zone: str
    suffixes: tuple[str, ...]
    opens: time
    closes: time
    quote_unit: str | None
    break_hours: tuple[time, time] | None = None
    early_opens: time | None = None
    late_closes_after: timedelta = timedelta()
    evening: time | None = None
    close_delay: timedelta = timedelta()
    market: str = ""

    @property
    def has_overnight(self) -> bool:
        """Return whether the night before a day is traded apart from its early hours."""
        return self.evening is not None and self.early_opens is not None


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


EVENING: Final = time(20)
"""From here on (New York) a trade in shares belongs to the next session."""

NEW_YORK: Final = Exchange(
    *("XNYS", "XNYS", "America/New_York", (), time(9, 30), time(16), "USD"),
    early_opens=time(4),
    late_closes_after=_minutes(240),
    evening=EVENING,
)
"""Where symbols without a suffix trade, by the consolidated tape's hours."""

FOREX: Final = Exchange(
    *("FX", "FX", "America/New_York", (), time(17), time(17), None),
    evening=time(17),
    # The vendor's day may be that of UTC, which ends two or three hours later.
    close_delay=_minutes(180),
    market="FX",
)
"""Foreign exchange: from Sunday to Friday, days from 17:00 to 17:00 in New York."""

CRYPTO: Final = Exchange(
    *("CRYPTO", "CRYPTO", "UTC", (), time(), time(), None),
    market="CRYPTO",
)
"""Digital currencies: around the clock, days of UTC."""

INDICES: Final = Exchange(
    *("INDEX", NEW_YORK.calendar, NEW_YORK.zone, (), NEW_YORK.opens, NEW_YORK.closes, None),
    evening=EVENING,
    market="INDEX",
)
"""Indices: the vendor documents those of the United States, which keep New York's days."""

_NOON_BREAK: Final = (time(11, 30), time(13))

EXCHANGES: Final = (
    NEW_YORK,
    Exchange(
        *("XLON", "XLON", "Europe/London", ("LON",), time(8), time(16, 30), "GBX"),
        close_delay=_minutes(5),
    ),
    Exchange(
        *("XTSE", "XTSE", "America/Toronto", ("TRT", "TRV"), time(9, 30), time(16), "CAD"),
    ),
    Exchange(
        *("XETR", "XETR", "Europe/Berlin", ("DEX",), time(9), time(17, 30), "EUR"),
        close_delay=_minutes(5),
    ),
    # The floor trades from 8:00 to 22:00; the calendar's hours are those of Xetra.
    Exchange(
        *("XFRA", "XETR", "Europe/Berlin", ("FRK",), time(9), time(17, 30), "EUR"),
        early_opens=time(8),
        late_closes_after=_minutes(270),
        close_delay=_minutes(270),
    ),
    # The close is an auction until 15:35, or the mean of the last half hour.
    Exchange(
        *("XBOM", "XBOM", "Asia/Kolkata", ("BSE",), time(9, 15), time(15, 30), "INR"),
        close_delay=_minutes(5),
    ),
    Exchange(
        *("XSHG", "XSHG", "Asia/Shanghai", ("SHH",), time(9, 30), time(15), "CNY"),
        break_hours=_NOON_BREAK,
    ),
    Exchange(
        *("XSHE", "XSHG", "Asia/Shanghai", ("SHZ",), time(9, 30), time(15), "CNY"),
        break_hours=_NOON_BREAK,
    ),
    Exchange(
        *("XHKG", "XHKG", "Asia/Hong_Kong", ("HKG",), time(9, 30), time(16), "HKD"),
        break_hours=(time(12), time(13)),
        close_delay=_minutes(10),
    ),
    Exchange(
        *("BVMF", "BVMF", "America/Sao_Paulo", ("SAO",), time(10), time(18), "BRL"),
    ),
    Exchange(
        *("XPAR", "XPAR", "Europe/Paris", ("PAR",), time(9), time(17, 30), "EUR"),
        close_delay=_minutes(5),
    ),
    Exchange(
        *("XAMS", "XAMS", "Europe/Amsterdam", ("AMS",), time(9), time(17, 30), "EUR"),
        close_delay=_minutes(5),
    ),
    FOREX,
    CRYPTO,
    INDICES,
)

BY_SUFFIX: Final = MappingProxyType(
    {suffix: exchange for exchange in EXCHANGES for suffix in exchange.suffixes}
)
BY_MARKET: Final = MappingProxyType(
    {exchange.market: exchange for exchange in EXCHANGES if exchange.market}
)
BY_CODE: Final = MappingProxyType({exchange.code: exchange for exchange in EXCHANGES})

QUOTE_UNITS: Final = MappingProxyType({"GBX": ("GBP", 100)})
"""Units of quotes that are no currency: the currency (ISO 4217), and how many of them make one."""


def exchange_of(symbol: str) -> Exchange | None:
    """Return the exchange that a symbol's market or last part names: none where that is not known.

    A symbol without a suffix, or with one letter for the class of share (BRK.B), is New York's.
    """
    market, colon, _ = symbol.partition(":")
    if colon:
        return BY_MARKET.get(market)
    _, dot, suffix = symbol.rpartition(".")
    if not dot or len(suffix) <= 1:
        return NEW_YORK
    return BY_SUFFIX.get(suffix)


def zone_of(symbol: str) -> str:
    """Return the clock of a symbol's exchange; UTC where that is not known."""
    exchange = exchange_of(symbol)
    return "UTC" if exchange is None else exchange.zone


def quote_unit_of(symbol: str) -> str | None:
    """Return what a symbol's prices are usually in; None where that is not known, or nothing."""
    _, slash, quoted_in = symbol.partition("/")
    if slash:
        return quoted_in
    exchange = exchange_of(symbol)
    return None if exchange is None else exchange.quote_unit


def currency_of(quote_unit: str) -> tuple[str, int]:
    """Return the currency (ISO 4217) of a quote unit, and how many units make one of it."""
    return QUOTE_UNITS.get(quote_unit, (quote_unit, 1))
