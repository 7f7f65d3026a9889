"""What is a header and what a row: names may begin with digits and signs."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.stream.files.layout import Answers
from services.stream.files.recognise import recognise
from tests.unit.stream.files.samples import decoded, told, write

KNOWN = Answers(symbol="AAPL", interval="1min", basis="raw")
MINUTE = ("AAPL", "1min", "2026-11-27 14:30:00", "UTC", "10.5", "10.75", None)


@pytest.mark.parametrize("plots", ["+DI,-DI", "50 MA,200 MA", "1st,.5x", "2026-11,Up 5%", "-,+"])
def test_the_name_of_an_indicator_may_begin_with_a_digit_or_a_sign(
    tmp_path: Path, plots: str
) -> None:
    names, row = f"time,open,high,low,close,{plots}", "1795789800,10.5,11,10,10.75,9,8"

    path = write(tmp_path, "t.csv", names, row)

    assert recognise(path, KNOWN).layout.header == (tuple(names.split(",")),)
    assert [told(each) for each in decoded(path, KNOWN)] == [MINUTE]


@pytest.mark.parametrize(
    ("ticker", "symbol"), [("0700.HK", None), ("600519", None), ("^GSPC", "INDEX:SPX")]
)
def test_a_ticker_of_yfinance_may_begin_with_a_digit(
    tmp_path: Path, ticker: str, symbol: str | None
) -> None:
    tickers = ",".join([ticker] * 4)
    lines = ("Price,Close,High,Low,Open", f"Ticker,{tickers}", "Date,,,,")
    path = write(tmp_path, "x.csv", *lines, "2026-11-27,10.75,11,10,10.5")

    [row] = decoded(path, Answers(symbol=symbol, basis="raw"))

    assert row.bar is not None
    assert (row.bar.symbol, row.bar.ohlcv.open, row.line) == (symbol or ticker, "10.5", 4)


@pytest.mark.parametrize(
    "row",
    [
        "AAPL,2026-11-27 09:30:00,nan,nan,nan,nan",
        "AAPL,2026-11-27 09:30:00,,,,",
        "AAPL,2026-11-27 9:30,10.5,,,",
        "AAPL,1795789800,1e1,,,",
    ],
)
def test_a_row_without_prices_is_no_header(tmp_path: Path, row: str) -> None:
    good = "AAPL,2026-11-27 09:30:00,10.5,11,10,10.75"
    path = write(tmp_path, "x.csv", "symbol,time,open,high,low,close", row, good)
    answers = Answers(interval="1min", zone="America/New_York", label="start", basis="raw")

    layout = recognise(write(tmp_path, "y.csv", "symbol,time,open,high,low,close", good), answers)

    assert recognise(path, answers).layout.header == layout.layout.header
