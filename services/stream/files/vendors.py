"""The layouts that vendors' files have: each function tells whether the first rows are of its own.

Pure. With `is_told`, the person has named the format, so that what several vendors write alike is
taken for this one's. What a vendor does not document is left open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from services.common.market.bar import normal_symbol
from services.stream.files import alpha_vantage_json
from services.stream.files.currency_vendors import binance, dukascopy, histdata
from services.stream.files.layout import PRICES, Layout, TimeForm, side_by_side
from services.stream.files.sample import Sample, columns_of
from services.stream.files.times import ticks_per_second, written_parts

NEW_YORK: Final = "America/New_York"
_LEAN_MEMBER = re.compile(r"(\d{8})_(.+)_(second|minute|hour|daily)_(trade|quote|openinterest)\..*")
_LEAN_INTERVALS: Final = {"minute": "1min", "hour": "60min", "daily": "1d", "second": "1sec"}


def massive(sample: Sample, _is_told: bool) -> Layout | None:
    """Flat files of Massive (Polygon): nanoseconds, close before high."""
    if sample.names[:7] != (*("ticker", "volume", "open", "close", "high", "low"), "window_start"):
        return None
    name = " ".join((*sample.folders, sample.path.name))
    interval = "1min" if "minute_aggs" in name else "1d" if "day_aggs" in name else None
    return Layout(
        *("massive", columns_of(sample), sample.header),
        interval=interval,
        day_zone=NEW_YORK,
        label="start",
        basis="raw",
    )


def databento(sample: Sample, _is_told: bool) -> Layout | None:
    """OHLCV of Databento: in UTC, prices as decimals or as whole multiples of 1e-9."""
    # pandas writes the index, which is the time, behind the other columns of Parquet.
    if not {"ts_event", "rtype", "publisher_id", "instrument_id"} <= set(sample.names):
        return None
    columns = columns_of(sample)
    is_fixed = all(row[columns["open"]].isdigit() for row in sample.rows)
    unit = Decimal("0.000000001") if is_fixed else Decimal(1)
    return Layout(
        *("databento", columns, sample.header),
        zone="UTC",
        label="start",
        basis="raw",
        unit=unit,
    )


def alpha_vantage(sample: Sample, is_told: bool) -> Layout | None:
    """CSV or JSON as the API answers, newest first; a time has no zone but New York's."""
    names = sample.names
    # Its days are as traded, its shorter bars adjusted or not, as they were asked for.
    basis = "raw" if len(sample.first[0]) == len("2026-11-27") else None
    if names == alpha_vantage_json.HEADER:
        return _alpha_vantage_json(sample, basis)
    if names[:5] != ("timestamp", *PRICES) or ticks_per_second(sample.first[0]):
        return None
    times = [row[0] for row in sample.rows]
    is_own = "adjusted_close" in names or (len(times) > 1 and times == sorted(times, reverse=True))
    if not (is_told or is_own):
        return None
    return Layout(
        *("alpha-vantage", columns_of(sample), sample.header),
        zone=NEW_YORK,
        label="start",
        basis=basis,
    )


def _alpha_vantage_json(sample: Sample, basis: str | None) -> Layout:
    names = sample.names
    columns = columns_of(sample) | {"interval": names.index("interval")}
    symbol, zone = (sample.first[names.index(name)] for name in ("symbol", "zone"))
    if not symbol:
        del columns["symbol"]
    if "/" in symbol:
        basis = "raw"  # nothing of a pair can be adjusted
    return Layout("alpha-vantage", columns, sample.header, zone=zone, label="start", basis=basis)


def lean(sample: Sample, is_told: bool) -> Layout | None:
    """Zips of LEAN: milliseconds since midnight, of shares prices in 1/10,000."""
    member = _LEAN_MEMBER.fullmatch(sample.member.lower())
    hourly = not sample.header and re.fullmatch(r"\d{8} \d{2}:\d{2}", sample.first[0])
    if sample.header or len(sample.first) != 6 or not (member or hourly):
        return None
    columns = {name: place for place, name in enumerate(("time", *PRICES, "volume"))}
    folders = sample.folders
    is_share = "equity" in folders
    name = member[2] if member else Path(sample.member).stem
    length = member[3] if member else next(iter({"hour", "daily"} & folders), None)
    layout = Layout(
        *("lean", columns, ()),
        symbol=_symbol(name) if is_share else None,
        interval=None if length is None else _LEAN_INTERVALS[length],
        zone=NEW_YORK if {"equity", "usa"} <= folders else None,
        label="start",
        basis="raw",
        unit=Decimal("0.0001") if is_share else Decimal(1),
        unit_is_open=not is_share,
    )
    if hourly:
        is_its_own = is_told or bool({"hour", "daily"} & folders)
        return layout if is_its_own or sample.path.suffix == ".zip" else None
    return replace(layout, time_form=TimeForm.MIDNIGHT_MS)


def stooq(sample: Sample, _is_told: bool) -> Layout | None:
    """Text of Stooq's database: the interval and the ticker in each row."""
    names = ("ticker", "per", "date", "time", *PRICES, "vol", "openint")
    if sample.names != names:
        return None
    columns = columns_of(sample) | {"interval": 1}
    daily = sample.first[1] == "D"
    columns.pop("per")
    if daily:
        columns["time"] = columns.pop("date")
        columns.pop("clock")
    return Layout("stooq", columns, sample.header)


def firstrate(sample: Sample, is_told: bool) -> Layout | None:
    """Text of FirstRate Data: New York's clock; the label is nowhere documented."""
    is_own = "firstrate" in " ".join((*sample.folders, sample.path.name.lower()))
    named = sample.names[:5] == ("timestamp", *PRICES) if sample.header else True
    if not (is_told or is_own) or not named or len(sample.first) not in (5, 6):
        return None
    fields = ("time", *PRICES, "volume")[: len(sample.first)]
    columns = {name: place for place, name in enumerate(fields)}
    return Layout("firstrate", columns, sample.header, zone=NEW_YORK)


def kibot(sample: Sample, is_told: bool) -> Layout | None:
    """Text of Kibot: mm/dd/yyyy, New York's clock, the time at which a bar opened."""
    row = sample.first
    slashed = re.fullmatch(r"\d{2}/\d{2}/\d{4}", row[0])
    named = not sample.header or sample.names in (
        ("date", "time", *PRICES, "volume"),
        ("date", *PRICES, "volume"),
    )
    if not (named and slashed and len(row) in (6, 7)):
        return None
    is_month_first = any(row[0][3:5] > "12" for row in sample.rows)
    if not (is_told or (is_month_first and len(row) == 7)):
        return None
    fields = ("date", "clock", *PRICES, "volume") if len(row) == 7 else ("date", *PRICES, "volume")
    columns = {name: place for place, name in enumerate(fields)}
    return Layout(
        *("kibot", columns, sample.header), date_order="mdy", zone=NEW_YORK, label="start"
    )


def yfinance(sample: Sample, _is_told: bool) -> Layout | None:
    """What pandas writes of yfinance: with three lines of header, or with `Adj Close`."""
    names = sample.names
    if names[:1] == ("price",) and [line[0] for line in sample.header[1:]] in (
        ["Ticker", "Date"],
        ["Ticker", "Datetime"],
    ):
        tickers = set(sample.header[1][1:])
        if len(tickers) > 1:
            raise side_by_side(sample.path.name, len(tickers))
        columns = columns_of(sample) | {"time": 0}
        return Layout(
            *("yfinance", columns, sample.header), symbol=_symbol(*tickers), label="start"
        )
    if "adj close" in names or {"dividends", "stock splits"} <= set(names):
        columns = columns_of(sample)
        basis = "split" if "adj close" in names else None
        header = sample.header
        return Layout("yfinance", columns, header, label="start", basis=basis) if columns else None
    return None


def tradingview(sample: Sample, is_told: bool) -> Layout | None:
    """Charts exported from TradingView: the time at which a bar opened, indicators behind."""
    if not sample.header or sample.header[0][:5] != ("time", *PRICES):
        return None
    parts = written_parts(sample.first[0])
    is_local = parts is not None and parts[1] is not None and parts[2] is None
    if not is_told and (is_local or "volume" in sample.header[0]):
        return None  # it writes `Volume`, and no clock without its offset
    return Layout("tradingview", columns_of(sample), sample.header, label="start")


def _symbol(text: str) -> str | None:
    try:
        return normal_symbol(text)
    except ValueError:
        return None


BY_NAME: Final[Mapping[str, Callable[[Sample, bool], Layout | None]]] = {
    "massive": massive,
    "databento": databento,
    "binance": binance,
    "stooq": stooq,
    "dukascopy": dukascopy,
    "firstrate": firstrate,
    "alpha-vantage": alpha_vantage,
    "lean": lean,
    "kibot": kibot,
    "histdata": histdata,
    "yfinance": yfinance,
    "tradingview": tradingview,
}
"""Every known format, in the order in which a file is tried."""
