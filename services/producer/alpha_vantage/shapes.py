"""Finds the bars in an answer: each function has a shape of its own. Pure.

In: a decoded document and the series that was asked for. Out: its bars by exchange time, whose they
are and by which clock; or nothing, where the document holds no bars. What the names of the fields
begin with differs by function, so that they are told by what follows the number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.common.market.markets import MARKETS, codes_of
from services.producer.series import DAY, Series

_USUAL_ZONE: Final = "US/Eastern"
_LONGEST_TIME: Final = 40
_MISSING: Final = "."
PRICES: Final = ("open", "high", "low", "close")
_IS_SERIES: Final = re.compile(r"Time Series(?: FX| Crypto)? \(")
_SERIES_NAMES: Final = {
    "TIME_SERIES_INTRADAY": "Time Series ({interval})",
    "TIME_SERIES_DAILY": "Time Series (Daily)",
    "FX_INTRADAY": "Time Series FX ({interval})",
    "FX_DAILY": "Time Series FX (Daily)",
    "CRYPTO_INTRADAY": "Time Series Crypto ({interval})",
    "DIGITAL_CURRENCY_DAILY": "Time Series (Digital Currency Daily)",
}
_CODES: Final = (
    ("Symbol",),
    ("From Symbol", "To Symbol"),
    ("Digital Currency Code", "Market Code"),
)
"""What the meta data call the one code of a symbol, or the two of a pair."""
_FIELD: Final = re.compile(r"(?:\d+a?\. )?(open|high|low|close|volume)(?: \(\w+\))?", re.ASCII)
"""A field's name, also in the older form of digital currencies, which has each price twice:
`1a. open (CNY)` in the market's currency, and `1b. open (USD)`."""
_USUAL_FIELDS: Final = {
    **{name: f"{number}. {name}" for number, name in enumerate(PRICES, 1)},
    "volume": "5. volume",
}


@dataclass(frozen=True)
class FoundBars:
    """The bars of an answer. `is_asked_for`: they are those of the series; else `title` says whose
    they are."""

    title: str
    bars: Mapping[str, Any]
    zone: str
    is_asked_for: bool


def find_bars(document: Mapping[str, Any], series: Series) -> FoundBars | None:
    """Return the bars of a document, if it holds any."""
    if series.market is MARKETS["INDEX"]:
        return _index_bars(document, series)
    for title, bars in document.items():
        if _IS_SERIES.match(title) and isinstance(bars, dict):
            return _time_series(document, title, bars, series)
    return None


def field_names(bars: Mapping[str, Any]) -> dict[str, str]:
    """Return what the bars of an answer call open, high, low, close and volume."""
    first: Mapping[str, Any] = next((each for each in bars.values() if isinstance(each, dict)), {})
    found = {match[1]: name for name in first if (match := _FIELD.fullmatch(name))}
    return {**_USUAL_FIELDS, **found}


def _time_series(
    document: Mapping[str, Any], title: str, bars: Mapping[str, Any], series: Series
) -> FoundBars:
    meta = document.get("Meta Data")
    meta = meta if isinstance(meta, dict) else {}
    told = {_unnumbered(name): str(value) for name, value in meta.items()}
    owner = next(_owners(told), series.symbol.rpartition(":")[2])
    function = series.market.function(series.interval)
    name = "" if function is None else _SERIES_NAMES[function.name]
    is_asked_for = title.startswith(name.format(interval=series.interval)) and (
        tuple(owner.upper().split("/")) == tuple(filter(None, codes_of(series.symbol)))
    )
    zone = told.get("Time Zone", _USUAL_ZONE)
    return FoundBars(f"{title} of {owner}", bars, zone, is_asked_for)


def _owners(told: Mapping[str, str]) -> Iterator[str]:
    return ("/".join(told[name] for name in names) for names in _CODES if told.keys() >= {*names})


def _unnumbered(name: str) -> str:
    return name.partition(". ")[2]


def _index_bars(document: Mapping[str, Any], series: Series) -> FoundBars | None:
    rows = document.get("data")
    if not isinstance(rows, list):
        return None
    code, _ = codes_of(series.symbol)
    owner = str(document.get("symbol", code))
    length = str(document.get("interval", "daily"))
    is_asked_for = owner.upper() == code and length == "daily" and series.interval == DAY
    bars = {_date(row): row for row in rows if not _is_missing(row)}
    return FoundBars(f"{length} data of {owner}", bars, _USUAL_ZONE, is_asked_for)


def _is_missing(row: Any) -> bool:
    """Return whether the vendor says that the index has no value on the day."""
    return isinstance(row, dict) and all(row.get(name) == _MISSING for name in PRICES)


def _date(row: Any) -> str:
    # What names no date stays as it is: the stream rejects it with its bytes kept.
    date = row.get("date") if isinstance(row, dict) else row
    return date if isinstance(date, str) else json.dumps(date)[:_LONGEST_TIME]
