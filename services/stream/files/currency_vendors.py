"""The layouts of files of currencies and coins. Pure; see `vendors`."""

from __future__ import annotations

import re
from typing import Final

from services.stream.files.layout import PRICES, Layout
from services.stream.files.sample import Sample, columns_of
from services.stream.files.times import ticks_per_second

_DUKASCOPY_NODE = re.compile(r"-(m1|m5|m15|m30|h1|d1)-(?:bid|ask)-")
_DUKASCOPY_INTERVALS: Final = {
    "m1": "1min",
    "m5": "5min",
    "m15": "15min",
    "m30": "30min",
    "h1": "60min",
    "d1": "1d",
}
_BINANCE_INTERVALS: Final = {1: "1min", 5: "5min", 15: "15min", 30: "30min", 60: "60min"}


def binance(sample: Sample, _is_told: bool) -> Layout | None:
    """Klines of Binance: milliseconds, or microseconds in spot files since 2025."""
    has_names = sample.names[:6] == ("open_time", *PRICES, "volume")
    row = sample.first
    if len(row) != 12 or not (has_names or not sample.header):
        return None
    ticks = ticks_per_second(row[0])
    if ticks is None or ticks == 1 or not row[6].isdigit():
        return None
    minutes, rest = divmod(int(row[6]) + 1 - int(row[0]), 60 * ticks)
    interval = "1d" if minutes == 1440 else _BINANCE_INTERVALS.get(minutes, f"{minutes}min")
    columns = {name: place for place, name in enumerate(("time", *PRICES, "volume"))}
    return Layout(
        *("binance", columns, sample.header),
        interval=None if rest else interval,
        day_zone="UTC",
        label="start",
        basis="raw",
    )


def dukascopy(sample: Sample, is_told: bool) -> Layout | None:
    """Files of Dukascopy: dd.mm.yyyy in GMT, or milliseconds as dukascopy-node writes them."""
    names = sample.names
    named = _DUKASCOPY_NODE.search(sample.path.name)
    counted = names[:5] == ("timestamp", *PRICES) and ticks_per_second(sample.first[0])
    written = names in tuple((f"{name} time", *PRICES, "volume") for name in ("gmt", "local"))
    if not (written or (counted and (is_told or named))):
        return None
    return Layout(
        *("dukascopy", columns_of(sample), sample.header),
        date_order="dmy" if written else "ymd",
        interval=_DUKASCOPY_INTERVALS.get(named[1]) if named else None,
        zone="UTC" if names[0] == "gmt time" else None,
        day_zone="UTC",
        label="start",
        basis="raw",
    )


def histdata(sample: Sample, is_told: bool) -> Layout | None:
    """One-minute bars of HistData.com: five hours behind UTC all year, bids without a volume."""
    row = sample.first
    plain = len(row) == 6 and re.fullmatch(r"\d{8} \d{6}", row[0])
    is_own = is_told or "dat_mt_" in sample.path.name.lower()
    metatrader = len(row) == 7 and re.fullmatch(r"\d{4}\.\d{2}\.\d{2}", row[0]) and is_own
    if sample.header or not (plain or metatrader):
        return None
    fields = ("time", *PRICES) if plain else ("date", "clock", *PRICES)
    columns = {name: place for place, name in enumerate(fields)}
    return Layout(
        *("histdata", columns), interval="1min", zone="Etc/GMT+5", label="start", basis="raw"
    )
