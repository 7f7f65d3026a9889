"""What a file does not tell is asked for, and what is no single series is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.stream.files.layout import Answers, FileError, UnansweredError
from services.stream.files.recognise import recognise
from tests.unit.stream.files.samples import decoded, write

OHLCV = "10.5,11,10,10.75,1200"


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        (
            (f"11/27/2026,09:30,{OHLCV}",),
            "AAPL.txt (kibot) does not tell all: add --symbol SYMBOL, "
            "--interval 1min|5min|15min|30min|60min|1d, "
            "--basis raw|split|total (what prices are adjusted for)",
        ),
        (
            ("Date,Time,Open,High,Low,Close,Volume", f"05/06/2026,09:30,{OHLCV}"),
            "AAPL.txt (named columns) does not tell all: add --symbol SYMBOL, "
            "--interval 1min|5min|15min|30min|60min|1d, "
            "--zone ZONE (of its clock, such as America/New_York), "
            "--label start|end (what the time of a bar is), "
            "--dates dmy|mdy (the order of day and month), "
            "--basis raw|split|total (what prices are adjusted for)",
        ),
        (
            ("time,open,high,low,close,volume", f"2026-11-27 09:30:00,{OHLCV}"),
            "AAPL.txt (named columns) does not tell all: add --symbol SYMBOL, "
            "--interval 1min|5min|15min|30min|60min|1d, "
            "--zone ZONE (of its clock, such as America/New_York), "
            "--label start|end (what the time of a bar is), "
            "--basis raw|split|total (what prices are adjusted for)",
        ),
        (
            ("time,open,high,low,close", "1795789800,1.12345678901,2,1,2"),
            "AAPL.txt (tradingview) does not tell all: add --symbol SYMBOL, "
            "--interval 1min|5min|15min|30min|60min|1d, "
            "--basis raw|split|total (what prices are adjusted for)",
        ),
        (
            (f"2026-11-27 09:30:00,{OHLCV}",),
            "AAPL.txt is of no known format: it begins with "
            "'2026-11-27 09:30:00,10.5,11,10,10.75,1200'; tell --format massive|databento|binance|"
            "stooq|dukascopy|firstrate|alpha-vantage|lean|kibot|histdata|yfinance|tradingview, or "
            "its columns, such as --columns date,clock,open,high,low,close,volume",
        ),
    ],
)
def test_asks_for_what_a_file_does_not_tell(
    tmp_path: Path, lines: tuple[str, ...], asked: str
) -> None:
    with pytest.raises(UnansweredError) as error:
        recognise(write(tmp_path, "AAPL.txt", *lines), Answers())

    assert str(error.value) == asked


def test_asks_how_to_round_what_has_more_decimals_than_a_bar(tmp_path: Path) -> None:
    names = "Date,Open,High,Low,Close,Volume"
    path = write(tmp_path, "x.csv", names, "2026-11-27,189.83999633789062,190,189,189.5,1200")
    known = {"symbol": "AAPL", "basis": "raw"}

    with pytest.raises(UnansweredError) as error:
        decoded(path, Answers(**known))  # type: ignore[arg-type]
    [row] = decoded(path, Answers(**known, decimals=4))  # type: ignore[arg-type]

    assert str(error.value) == (
        "x.csv (named columns) has numbers of more than ten decimals, such as 189.83999633789062: "
        "add --decimals N, to which they are rounded half to even"
    )
    assert row.bar is not None
    assert row.bar.ohlcv.open == "189.84"


def test_refuses_bars_of_several_symbols_beside_each_other(tmp_path: Path) -> None:
    lines = ("Price,Close,Close,High,High", "Ticker,AAPL,MSFT,AAPL,MSFT", "Date,,,,")
    path = write(tmp_path, "x.csv", *lines, "2026-11-27,1,2,3,4")

    with pytest.raises(FileError, match="bars of 2 symbols beside each other"):
        recognise(path, Answers())
