"""`--symbol` for files with a column of symbols: it chooses, or gives the only one its name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.stream.files.decode import Decoder
from services.stream.files.layout import Answers, FileError
from services.stream.files.recognise import recognise
from tests.unit.stream.files.samples import SEEN, decoded, gzipped, told, write

MASSIVE = "ticker,volume,open,close,high,low,window_start,transactions"
STOOQ = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>"
NAMES = "date,ticker,open,high,low,close"
PICKED = Answers(symbol="AAPL", basis="raw")


def _massive(ticker: str, minute: int, close: str) -> str:
    return f"{ticker},1200,10,{close},99,1,{1795789800 + 60 * minute}000000000,17"


def _bar(minute: int, close: str) -> tuple[str, ...]:
    return ("AAPL", "1min", f"2026-11-27 14:{30 + minute}:00", "UTC", "10", close, "1200")


def test_a_symbol_is_chosen_of_a_file_of_several(tmp_path: Path) -> None:
    rows = [_massive(*each) for each in (("A", 0, "7"), ("AAPL", 0, "8"), ("F", 0, "9"),
                                         ("AAPL", 1, "8.5"), ("AAPLW", 0, "6"))]  # fmt: skip
    path = write(tmp_path, "minute_aggs.csv", MASSIVE, *rows)

    found = decoded(path, Answers(symbol="AAPL"))

    assert [told(row) for row in found] == [_bar(0, "8"), _bar(1, "8.5")]
    assert [(row.number, row.line) for row in found] == [(0, 3), (1, 5)]


def test_a_symbol_is_chosen_that_comes_late(tmp_path: Path) -> None:
    before = [_massive("A", minute % 60, "7") for minute in range(1_000)]
    rows = (*before, _massive("AAPL", 0, "8"), _massive("AB", 0, "7"))
    path = gzipped(tmp_path, "minute_aggs.csv.gz", MASSIVE, *rows)

    assert [told(row) for row in decoded(path, Answers(symbol="AAPL"))] == [_bar(0, "8")]


def test_what_is_left_out_is_counted_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = [_massive(ticker, minute, "8") for minute in range(4) for ticker in ("AAPL", "F")]
    path = write(tmp_path, "minute_aggs.csv", MASSIVE, *rows)
    layout = recognise(path, Answers(symbol="AAPL")).layout
    decoder = Decoder(path, layout, SEEN)

    assert [row.number for row in decoder.rows(2)] == [2, 3]
    assert decoder.left_out == 4
    assert layout.described() == (
        "massive: symbol AAPL (other rows are left out), interval 1min, clock ns since 1970, "
        "label start, basis raw, unit 1"
    )


def test_rows_of_which_nobody_knows_the_symbol_are_refused(tmp_path: Path) -> None:
    rows = (_massive("AAPL", 0, "8"), MASSIVE, "AAPL,1200", "F,1200", _massive("F", 0, "8"))
    path = write(tmp_path, "minute_aggs.csv", MASSIVE, *rows)
    path.write_bytes(path.read_bytes() + b"\xff,1200,10,8\n")

    found = [told(row) for row in decoded(path, Answers(symbol="AAPL"))]

    assert found == [_bar(0, "8"), "repeated_header", "missing_field", "invalid_utf8"]


@pytest.mark.parametrize(
    ("lines", "symbol"),
    [
        ((NAMES, "2026-11-27,BRK-B,10,12,9,11", "2026-11-26,BRK-B,10,12,9,11"), "BRK.B"),
        ((NAMES, "2026-11-27,aapl,10,12,9,11", "2026-11-26,aapl,10,12,9,11"), "AAPL"),
        ((STOOQ, *(f"BRK-B.US,D,{day},000000,10,12,9,11,5,0" for day in ("20261127", "20261126"))),
         "BRK.B"),
    ],
)  # fmt: skip
def test_the_only_symbol_of_a_file_gets_another_name(
    tmp_path: Path, lines: tuple[str, ...], symbol: str
) -> None:
    path = write(tmp_path, "x.csv", *lines)

    bars = [row.bar for row in decoded(path, Answers(symbol=symbol, basis="raw"))]

    assert [(bar.symbol, bar.exchange_time) for bar in bars if bar] == [
        (symbol, "2026-11-27"),
        (symbol, "2026-11-26"),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        (NAMES, "2026-11-27,AAPL,10,12,9,11", "2026-11-27,F,10,12,9,11"),
        (STOOQ, "AAPL.US,D,20261127,000000,10,12,9,11,5,0", "F.US,D,20261127,000000,1,2,1,1,5,0"),
    ],
)
def test_named_columns_and_stooq_are_chosen_from_alike(
    tmp_path: Path, lines: tuple[str, ...]
) -> None:
    found = decoded(write(tmp_path, "x.csv", *lines), PICKED)

    assert [row.bar and (row.bar.symbol, row.bar.ohlcv.close) for row in found] == [("AAPL", "11")]


def test_a_file_of_several_symbols_without_the_wanted_one_is_refused(tmp_path: Path) -> None:
    rows = [f"2026-11-27,{ticker},10,12,9,11" for ticker in ("BRK.B", "F", "GE", "IBM", "T")]
    path = write(tmp_path, "x.csv", NAMES, *rows)

    with pytest.raises(FileError) as error:
        recognise(path, PICKED)

    assert str(error.value) == (
        "x.csv has several symbols and none is AAPL: BRK.B, F, GE, IBM, … (--symbol chooses by the "
        "name in the file; without it all are read)"
    )


def test_parquet_of_several_symbols_beside_each_other_is_refused(tmp_path: Path) -> None:
    names = [f"('{name}', '{ticker}')" for name in ("Open", "High", "Low", "Close")
             for ticker in ("AAPL", "MSFT")]  # fmt: skip
    columns = {"Date": ["2026-11-27"], **{name: [10.5] for name in names}}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")

    with pytest.raises(FileError) as error:
        recognise(tmp_path / "x.parquet", Answers(symbol="MSFT", basis="raw"))

    assert str(error.value) == (
        "x.parquet has the bars of 2 symbols beside each other; write a file for each, or download "
        "with group_by and stack them"
    )
