"""The producer's own form of an event, told by one pattern and read without a JSON parser.

Pure. A record in this form needs no look at its syntax, which is most of the cost of decoding;
any other record, however written, takes the fallback path through the parser and every rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from services.common.market import bar

DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
INSTANT = rf"{DATE}T{CLOCK}(\.[0-9]{{1,6}})?Z"

PRICES = ("open", "high", "low", "close")
PLACES = {
    "symbol": 3,
    "interval": 7,
    "exchange_time": 11,
    "exchange_tz": 15,
    "ohlcv.open": 21,
    "ohlcv.high": 25,
    "ohlcv.low": 29,
    "ohlcv.close": 33,
    "ohlcv.volume": 37,
    "source": 41,
    "freshness": 45,
    "observed_at": 53,
}
"""Where each text stands when the event is cut at its quotes."""

FLAGS = (48, 50)
"""Where `adjusted` and `is_final` stand, as `:true,` or `:false,`."""


def is_canonical(text: Column) -> Column:
    """Return whether `text` is written as `Bar.to_json` writes, every field in its form."""
    return F.coalesce(text.rlike(rf"\A{PATTERN}\z"), F.lit(False))


def parts(text: Column) -> Column:
    """Return a canonical text cut at its quotes."""
    return F.split(text, '"')


def event(parts: str) -> Column:
    """Return the event that the column `parts` holds, as the parser would have read it."""
    texts = {name: F.col(parts)[place] for name, place in PLACES.items()}
    ohlcv = (texts[f"ohlcv.{name}"].alias(name) for name in (*PRICES, "volume"))
    flags = (F.col(parts)[number] for number in FLAGS)
    return F.struct(
        F.lit(bar.SCHEMA_VERSION).alias("schema_version"),
        *(texts[name].alias(name) for name in PLACES if name in _BEFORE_OHLCV),
        F.struct(*ohlcv).alias("ohlcv"),
        *(texts[name].alias(name) for name in ("source", "freshness")),
        *(
            flag.contains("true").alias(name)
            for flag, name in zip(flags, ("adjusted", "is_final"), strict=True)
        ),
        texts["observed_at"].alias("observed_at"),
        *(F.lit(None).cast("string").alias(name) for name in ("adjusted_as_of", "adjusted_for")),
    )


_BEFORE_OHLCV = ("symbol", "interval", "exchange_time", "exchange_tz")


@dataclass(frozen=True)
class Section:
    """Parts of an event that were cut at its quotes, and the pattern of their text."""

    first: int
    last: int
    pattern: str


def _one_of(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(words)})"


def _start() -> str:
    intraday = [name for name in bar.INTERVALS if name != "1d"]
    return (
        rf',(?:"interval":"{_one_of(intraday)}","exchange_time":"{DATE} {CLOCK}"'
        rf'|"interval":"1d","exchange_time":"{DATE}")'
        rf',"exchange_tz":"{_one_of(bar.EXCHANGE_ZONES)}","ohlcv":\{{"open":'
    )


def _ohlcv(volume: str) -> str:
    fields = [*((name, bar.PRICE_PATTERN) for name in PRICES), ("volume", volume)]
    return '","'.join(f'{name}":"{pattern}' for name, pattern in fields).removeprefix('open":"')


def _origin() -> str:
    flag = "(?:true|false)"
    return (
        rf'\}},"source":"{_one_of(bar.SOURCES)}","freshness":"{_one_of(bar.FRESHNESS)}"'
        rf',"adjusted":{flag},"is_final":{flag},"observed_at":'
    )


SYMBOL = Section(0, 3, rf'\{{"symbol":"{bar.SYMBOL_PATTERN}')
START = Section(4, 20, _start())
OHLCV = Section(21, 37, _ohlcv(bar.VOLUME_PATTERN))
PRICES_ALONE = Section(21, 37, _ohlcv(""))
"""The same of an event that tells no volume, which then is an empty text."""
ORIGIN = Section(38, 52, _origin())
SEEN = Section(53, 56, rf'{INSTANT}","schema_version":{bar.SCHEMA_VERSION}\}}')
SECTIONS = (SYMBOL, START, OHLCV, ORIGIN, SEEN)
"""The whole of an event; a quote stands between each section and the next."""

PATTERN = '"'.join(section.pattern for section in SECTIONS)
"""A whole event as `Bar.to_json` writes it; Java and RE2 read the pattern alike."""
