"""Each vendor's layout: recognised by its first rows and read to the last digit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from services.stream.files.layout import Answers
from services.stream.files.recognise import recognise
from tests.unit.stream.files.samples import (
    daily_answer,
    decoded,
    gzipped,
    told,
    write,
    zipped,
)

RAW = Answers(basis="raw")
MINUTE = ("AAPL", "1min", "2026-11-27 14:30:00", "UTC", "10.5", "10.75", "1200")
DAY = ("AAPL", "1d", "2026-11-27", "America/New_York", "10.5", "10.75", "1200")
ADJUSTED = Answers(symbol="AAPL", interval="1min", basis="total", as_of=date(2026, 11, 28))
DATABENTO = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol"
MASSIVE = "ticker,volume,open,close,high,low,window_start,transactions"
STOOQ = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>"
OHLCV = "10.5,11,10,10.75,1200"


def _lean(folder: Path) -> Path:
    return zipped(
        *(folder, "equity/usa/minute/aapl/20261127_trade.zip"),
        {"20261127_aapl_minute_trade.csv": "34200000,105000,110000,100000,107500,1200\n"},
    )


def _lean_daily(folder: Path) -> Path:
    name, line = "equity/usa/daily/aapl.zip", "20261127 00:00,105000,110000,100000,107500,1200\n"
    return zipped(folder, name, {"aapl.csv": line})


def _massive(folder: Path) -> Path:
    row = "AAPL,1200,10.5,10.75,11,10.00000000000,1795789800000000000,17"
    return gzipped(folder, "minute_aggs_v1/2026-11-27.csv.gz", MASSIVE, row)


def _massive_daily(folder: Path) -> Path:
    row = "AAPL,1200,10.5,10.75,11,10,1795755600000000000,17"
    return gzipped(folder, "day_aggs_v1/2026-11-27.csv.gz", MASSIVE, row)


def _databento(folder: Path) -> Path:
    values = "10500000000,11000000000,10000000000,10750000000,1200,AAPL"
    row = f"1795789800000000000,33,2,38,{values}"
    return write(folder, "ohlcv-1m.csv", DATABENTO, row)


def _databento_pretty(folder: Path) -> Path:
    values = "10.500000000,11.000000000,10.000000000,10.750000000,1200,AAPL"
    row = f"2026-11-27T14:30:00.000000000Z,33,2,38,{values}"
    return write(folder, "pretty.csv", DATABENTO, row)


def _binance(unit: int) -> str:
    start, width = 1795789800 * unit, 60 * unit
    rest = "12901.5,31,600.25,6452.1,0"
    return f"{start},10.50000000,11.0,10.0,10.75000000,1200.00000000,{start + width - 1},{rest}"


def _dukascopy(folder: Path) -> Path:
    header = "Gmt time,Open,High,Low,Close,Volume"
    return write(folder, "EURUSD.csv", header, f"27.11.2026 14:30:00.000,{OHLCV}")


def _yfinance(folder: Path) -> Path:
    lines = ("Price,Close,High,Low,Open,Volume", "Ticker,AAPL,AAPL,AAPL,AAPL,AAPL", "Date,,,,,")
    return write(folder, "aapl.csv", *lines, "2026-11-27,10.75,11,10,10.5,1200")


def _yfinance_intraday(folder: Path) -> Path:
    names = "Datetime,Open,High,Low,Close,Adj Close,Volume"
    return write(folder, "i.csv", names, "2026-11-27 09:30:00-05:00,10.5,11,10,10.75,10.7,1200")


def _named(name: str, *lines: str) -> object:
    return lambda folder: write(folder, name, *lines)


@pytest.mark.parametrize(
    ("made", "answers", "name", "bar"),
    [
        (_lean, Answers(), "lean", MINUTE),
        (_lean_daily, Answers(), "lean", DAY),
        (_massive, Answers(), "massive", MINUTE),
        (_massive_daily, Answers(), "massive", DAY),
        (_databento, Answers(), "databento", MINUTE),
        (_databento_pretty, Answers(), "databento", MINUTE),
        (_named("b.csv", _binance(10**3)), Answers(symbol="aapl"), "binance", MINUTE),
        (_named("b.csv", _binance(10**6)), Answers(symbol="aapl"), "binance", MINUTE),
        (_dukascopy, Answers(symbol="AAPL", interval="1min"), "dukascopy", MINUTE),
        (
            _named(
                "aapl-m1-bid-2026-11-27.csv",
                *("timestamp,open,high,low,close,volume", f"1795789800000,{OHLCV}"),
            ),
            *(Answers(symbol="AAPL"), "dukascopy", MINUTE),
        ),
        (
            _named("s.txt", STOOQ, "AAPL.US,D,20261127,000000,10.5,11,10,10.75,1200,0"),
            *(RAW, "stooq", DAY),
        ),
        (
            _named("s.txt", STOOQ, "AAPL.US,5,20261127,153500,10.5,11,10,10.75,1200,0"),
            Answers(basis="raw", zone="Europe/Warsaw", label="end"),
            *("stooq", (MINUTE[0], "5min", *MINUTE[2:])),
        ),
        (
            _named("AAPL_firstratedata.txt", f"2026-11-27 09:30:00,{OHLCV}"),
            Answers(symbol="AAPL", interval="1min", basis="raw", label="start"),
            *("firstrate", MINUTE),
        ),
        (_named("AAPL.txt", f"11/27/2026,09:30,{OHLCV}"), ADJUSTED, "kibot", MINUTE),
        (
            _named("h.csv", "20261127 093000;10.5;11;10;10.75;0"),
            *(Answers(symbol="AAPL"), "histdata", (*MINUTE[:-1], None)),
        ),
        (_yfinance, Answers(basis="raw"), "yfinance", DAY),
        (_yfinance_intraday, ADJUSTED, "yfinance", MINUTE),
        (
            _named(
                "t.csv", "time,open,high,low,close,EMA,Volume", "1795789800,10.5,11,10,10.75,9,1200"
            ),
            *(Answers(symbol="AAPL", interval="1min", basis="raw"), "tradingview", MINUTE),
        ),
        (
            _named(
                "t.csv", "time,open,high,low,close,Volume", f"2026-11-27T09:30:00-05:00,{OHLCV}"
            ),
            *(Answers(symbol="AAPL", interval="1min", basis="raw"), "tradingview", MINUTE),
        ),
        (
            _named(
                *("a.csv", "timestamp,open,high,low,close,volume"),
                *(f"2026-11-27 09:30:00,{OHLCV}", f"2026-11-27 09:29:00,{OHLCV}"),
            ),
            *(ADJUSTED, "alpha-vantage", MINUTE),
        ),
        (
            _named("a.json", daily_answer(d2026_11_27="10.75")),
            *(Answers(), "alpha-vantage", ("IBM", *DAY[1:])),
        ),
        (
            _named(
                "g.csv", f"27.11.2026\t09.30\t{OHLCV}".replace(",", "\t").replace("09.30", "09:30")
            ),
            Answers(
                *(None, "AAPL", "1min", "America/New_York", "start", "raw"),
                columns=("date", "clock", "open", "high", "low", "close", "volume"),
            ),
            *("described columns", MINUTE),
        ),
        (
            _named("g.csv", "1795789860,105,110,100,107.5,1200,AAPL"),
            Answers(
                interval="1min",
                label="end",
                basis="raw",
                unit=Decimal("0.1"),
                columns=("time", "open", "high", "low", "close", "volume", "symbol"),
            ),
            *("described columns", MINUTE),
        ),
        (
            _named("d.csv", "Date,Open,High,Low,Close,Volume", f"2026-11-27,{OHLCV}"),
            *(Answers(symbol="AAPL", basis="raw"), "named columns", DAY),
        ),
    ],
)
def test_reads_a_layout_exactly(
    tmp_path: Path, made: object, answers: Answers, name: str, bar: tuple[str, ...]
) -> None:
    assert callable(made)
    path = made(tmp_path)

    found = recognise(path, answers)

    [row] = [row for row in decoded(path, answers) if "29:00" not in row.raw.decode()]
    numbers = [Decimal(text) if text else None for text in told(row)[4:]]  # type: ignore[index]
    assert found.layout.format == name
    assert told(row)[:4] == bar[:4]  # type: ignore[index]
    assert numbers == [Decimal(text) if text else None for text in bar[4:]]
