"""Time series in the API's shapes: bars and parameters go in, JSON-ready values or CSV come out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import Final

from services.common.market.bar import INTERVAL_MINUTES
from services.simulator.market.adjusted_bars import adjusted
from services.simulator.market.bars import BarSource, PrintedBar

COMPACT_BARS: Final = 100
FULL_DAYS: Final = 30

_SERIES_HEADER: Final = "timestamp,open,high,low,close,volume"
_HEADERS: Final = {
    "GLOBAL_QUOTE": (
        "symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent"
    ),
    "REALTIME_BULK_QUOTES": (
        "symbol,timestamp,open,high,low,close,volume,previous_close,change,change_percent,"
        "extended_hours_quote,extended_hours_change,extended_hours_change_percent"
    ),
    "SPLITS": "effective_date,split_factor",
    "DIVIDENDS": "ex_dividend_date,declaration_date,record_date,payment_date,amount",
}
_FIRST_MONTH: Final = "2000-01"


@dataclass(frozen=True)
class Intraday:
    """What a call of TIME_SERIES_INTRADAY asks for; `month` is the first day of a month."""

    interval: str
    extended: bool
    full: bool
    month: date | None
    adjusted: bool

    @property
    def month_end(self) -> date | None:
        """The last day of the month."""
        if self.month is None:
            return None
        return (self.month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def parse_intraday(parameters: Mapping[str, str]) -> Intraday | None:
    """Return what is asked for, or None if interval or month is wrong.

    RapidAPI's name `output_size` is understood, too.
    """
    interval, month = parameters.get("interval", ""), parameters.get("month", "")
    if interval not in INTERVAL_MINUTES:
        return None
    if month and (not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month) or month < _FIRST_MONTH):
        return None
    size = parameters.get("outputsize") or parameters.get("output_size")
    return Intraday(
        interval,
        extended=parameters.get("extended_hours", "true").lower() != "false",
        full=size == "full",
        month=date.fromisoformat(f"{month}-01") if month else None,
        adjusted=parameters.get("adjusted", "true").lower() != "false",
    )


def intraday(
    source: BarSource, symbol: str, wanted: Intraday, until: datetime, called_at: datetime
) -> list[PrintedBar]:
    """Return the newest 100 bars `until` an instant, or all of the month or of the 30 days before
    the newest. What is adjusted is so for the actions in effect when the call was made."""
    minutes = INTERVAL_MINUTES[wanted.interval]
    bars = source.intraday(symbol, minutes, wanted.extended, wanted.month_end, until)
    if wanted.adjusted:
        bars = adjusted(bars, source.adjustments(symbol, called_at))
    if wanted.month is not None:
        first = wanted.month.isoformat()
        bars = takewhile(lambda bar: bar.time >= first, bars)
    if not wanted.full:
        return list(islice(bars, COMPACT_BARS))
    if wanted.month is not None:
        return list(bars)
    newest = next(bars, None)
    if newest is None:
        return []
    cutoff = date.fromisoformat(newest.time[:10]) - timedelta(days=FULL_DAYS)
    return [newest, *takewhile(lambda bar: bar.time >= cutoff.isoformat(), bars)]


def daily(source: BarSource, symbol: str, full: bool, now: datetime) -> list[PrintedBar]:
    """Return the newest 100 daily bars, or all."""
    return list(islice(source.daily(symbol, now), None if full else COMPACT_BARS))


def intraday_json(
    symbol: str, zone: str, wanted: Intraday, bars: Sequence[PrintedBar]
) -> dict[str, object]:
    """Return the body of TIME_SERIES_INTRADAY."""
    return {
        "Meta Data": {
            "1. Information": (
                f"Intraday ({wanted.interval}) open, high, low, close prices and volume"
            ),
            "2. Symbol": symbol,
            "3. Last Refreshed": bars[0].time,
            "4. Interval": wanted.interval,
            "5. Output Size": size(wanted.full),
            "6. Time Zone": zone,
        },
        f"Time Series ({wanted.interval})": _bars_json(bars),
    }


def daily_json(symbol: str, zone: str, full: bool, bars: Sequence[PrintedBar]) -> dict[str, object]:
    """Return the body of TIME_SERIES_DAILY."""
    return {
        "Meta Data": {
            "1. Information": "Daily Prices (open, high, low, close) and Volumes",
            "2. Symbol": symbol,
            "3. Last Refreshed": bars[0].time,
            "4. Output Size": size(full),
            "5. Time Zone": zone,
        },
        "Time Series (Daily)": _bars_json(bars),
    }


def header(function: str) -> str:
    """Return the CSV header of a function."""
    return _HEADERS.get(function, _SERIES_HEADER)


def bars_csv(bars: Iterable[PrintedBar]) -> str:
    """Return bars as CSV."""
    return csv_text(_SERIES_HEADER, bars)


def csv_text(head: str, rows: Iterable[Sequence[str]]) -> str:
    """Return header and rows; lines end as in the real API, with CR and LF."""
    return "".join(f"{line}\r\n" for line in (head, *(",".join(row) for row in rows)))


def size(full: bool) -> str:
    """Return what an answer calls its size."""
    return "Full size" if full else "Compact"


def _bars_json(bars: Iterable[PrintedBar]) -> dict[str, dict[str, str]]:
    return {
        time: {
            "1. open": opened,
            "2. high": high,
            "3. low": low,
            "4. close": close,
            "5. volume": volume,
        }
        for time, opened, high, low, close, volume in bars
    }
