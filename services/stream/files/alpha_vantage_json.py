"""An answer of Alpha Vantage that was kept as JSON: its bars as rows of cells. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from services.common.market.bar import normal_symbol
from services.stream.files.layout import FileError

MOST_BYTES = 256 * 1024**2
"""An answer is one object, which is read as a whole; none of the vendor's is a tenth as large."""

HEADER = ("timestamp", "open", "high", "low", "close", "volume", "symbol", "interval", "zone")
_VALUES = HEADER[1:6]
_SYMBOLS = {
    "{}": ("Symbol",),
    "FX:{}/{}": ("From Symbol", "To Symbol"),
    "CRYPTO:{}/{}": ("Digital Currency Code", "Market Code"),
}
"""How a symbol is made of what the meta data tell."""
_FIELD = re.compile(r"\d+a?\. (open|high|low|close|volume)(?: \(\w+\))?")
"""A field's name. Until 2023 days of digital currencies had each price twice: `1a. open (EUR)` in
the market's currency, and `1b. open (USD)`."""


def rows(name: str, body: bytes) -> Iterator[list[str]]:
    """Yield HEADER and a row for each bar. Raises FileError."""
    answer = _parsed(name, body)
    meta = answer.get("Meta Data")
    series = next((key for key in answer if key.startswith("Time Series")), None)
    bars = answer.get(series or "")
    if not isinstance(meta, dict) or series is None or not isinstance(bars, dict):
        raise FileError(f"{name} holds no time series but {str(answer)[:80]!r}")
    told = {key.partition(". ")[2]: str(value) for key, value in meta.items()}
    interval = told.get("Interval", "1d" if "Daily" in series else None)
    if interval is None:
        raise FileError(f"{name} holds {series!r}: bars of that length are not stored")
    shared = [_symbol(told), interval, told.get("Time Zone", "")]
    yield list(HEADER)
    for moment, values in bars.items():
        if not isinstance(values, dict):
            raise FileError(f"{name}: the bar of {moment[:40]!r} is no object")
        cells: dict[str, str] = {}
        for key, value in values.items():
            if match := _FIELD.fullmatch(key):
                cells.setdefault(match[1], str(value))
        yield [str(moment), *(cells.get(key, "") for key in _VALUES), *shared]


def _symbol(told: Mapping[str, str]) -> str:
    """Return whose bars an answer has; nothing where it does not tell."""
    for form, names in _SYMBOLS.items():
        if told.keys() >= {*names}:
            try:
                return normal_symbol(form.format(*(told[name] for name in names)))
            except ValueError:
                return ""
    return ""


def _parsed(name: str, body: bytes) -> dict[str, object]:
    if len(body) >= MOST_BYTES:
        raise FileError(f"{name} is larger than any answer of Alpha Vantage")
    try:
        # Digits stay as they stand.
        answer = json.loads(body, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{name} is no JSON, or ends early: {str(error)[:80]}") from None
    if not isinstance(answer, dict):
        raise FileError(f"{name} holds no answer of Alpha Vantage")
    return answer
