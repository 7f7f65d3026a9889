"""Every exchange that a symbol can name: its clock, its hours, its calendar, its quote unit.

In: a symbol as Alpha Vantage writes it. Out: the exchange that its suffix names, or none. The
producer, the simulator, the stream, the database's functions and the page all go by this table;
holidays and half days are the calendars' (`services.calendars`).
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
    traded around them, `has_overnight` says that the evening belongs to the next trade date.
    `close_delay`: a closing auction, or trading on another floor, may set a day's close so long
    after the calendar's close. `quote_unit` is what prices of a symbol are in unless more is known.
    """

    code: str
    calendar: str
    zone: str
    suffixes: tuple[str, ...]
    opens: time
    closes: time
    quote_unit: str
    break_hours: tuple[time, time] | None = None
    early_opens: time | None = None
    late_closes_after: timedelta = timedelta()
    has_overnight: bool = False
    close_delay: timedelta = timedelta()


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


NEW_YORK: Final = Exchange(
    *("XNYS", "XNYS", "America/New_York", (), time(9, 30), time(16), "USD"),
    early_opens=time(4),
    late_closes_after=_minutes(240),
    has_overnight=True,
)
"""Where symbols without a suffix trade, by the consolidated tape's hours."""

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
)

BY_SUFFIX: Final = MappingProxyType(
    {suffix: exchange for exchange in EXCHANGES for suffix in exchange.suffixes}
)
BY_CODE: Final = MappingProxyType({exchange.code: exchange for exchange in EXCHANGES})

QUOTE_UNITS: Final = MappingProxyType({"GBX": ("GBP", 100)})
"""Units of quotes that are no currency: the currency (ISO 4217), and how many of them make one."""


def exchange_of(symbol: str) -> Exchange | None:
    """Return the exchange that a symbol's last part names: none where that is not known.

    A symbol without a suffix, or with one letter for the class of share (BRK.B), is New York's.
    """
    _, dot, suffix = symbol.rpartition(".")
    if not dot or len(suffix) <= 1:
        return NEW_YORK
    return BY_SUFFIX.get(suffix)


def zone_of(symbol: str) -> str:
    """Return the clock of a symbol's exchange; UTC where that is not known."""
    exchange = exchange_of(symbol)
    return "UTC" if exchange is None else exchange.zone


def currency_of(quote_unit: str) -> tuple[str, int]:
    """Return the currency (ISO 4217) of a quote unit, and how many units make one of it."""
    return QUOTE_UNITS.get(quote_unit, (quote_unit, 1))
