"""What goes wrong with whole files: archives, sizes, cut ends, types of Parquet."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.stream.files.columnar.decode import ColumnDecoder, Piece
from services.stream.files.decode import Decoder
from services.stream.files.layout import Answers, FileError
from services.stream.files.recognise import recognise
from services.stream.files.text_lines import Limits
from services.stream.importing.progress import estimated_rows
from tests.unit.stream.files.samples import SEEN, decoded, told, write, zipped

NAMES = "time,open,high,low,close,volume"
ROW = "2026-11-27 09:30:00,10.5,11,10,10.75,1200"
KNOWN = Answers(symbol="AAPL", interval="1min", zone="America/New_York", label="start", basis="raw")
COUNTED = replace(KNOWN, zone=None)
FIRST = ("AAPL", "1min", "2026-11-27 14:30:00", "UTC", "10.5", "10.75", "1200")


def _at(time: str, values: str = "10.5,11,10,10.75,1200") -> str:
    return f"{time},{values}"


def test_an_archive_may_hold_odd_names_and_other_files(tmp_path: Path) -> None:
    members = {
        "../../etc/a.csv": f"{NAMES}\n{ROW}\n",
        "C:\\data\\b.csv": f"{NAMES}\n{ROW}\n",
        "/abs/c.CSV": f"{NAMES}\n{ROW}\n",
        "__MACOSX/._a.csv": "rubbish",
        "readme.pdf": "rubbish",
        "folder/": "",
    }

    found = decoded(zipped(tmp_path, "odd.zip", members), KNOWN)

    assert [(row.member, told(row)) for row in found] == [
        ("a.csv", FIRST),
        ("b.csv", FIRST),
        ("c.CSV", FIRST),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["odd.zip"]


@pytest.mark.parametrize(
    ("others", "data"),
    [
        (("README.txt", "LICENSE"), "a.csv"),
        (("LICENSE",), "a.txt"),
        ((), "a"),
    ],
)
def test_beside_bars_an_archive_may_hold_notes(
    tmp_path: Path, others: tuple[str, ...], data: str
) -> None:
    notes = dict.fromkeys(others, "Gap of 61s found between 20260102000100 and 20260102000201.\n")
    path = zipped(tmp_path, "x.zip", {**notes, data: f"{NAMES}\n{ROW}\n"})

    assert [(row.member, told(row)) for row in decoded(path, KNOWN)] == [(data, FIRST)]
    assert estimated_rows(path, len(ROW) + 1) == 2  # with the header


@pytest.mark.parametrize("ticker", ["PK", "PKG", "PAR1", "PAR12", "DBN", "DBND", "BZh", "BZh9"])
def test_a_ticker_is_no_sign_of_a_container(tmp_path: Path, ticker: str) -> None:
    path = write(tmp_path, "x.csv", *[f"{ticker},2026-11-27 09:30:00,10.5,11,10,10.75,1200"] * 3)
    columns = ("symbol", *NAMES.split(","))
    answers = replace(KNOWN, columns=columns)

    assert [told(row) for row in decoded(path, answers)] == [FIRST] * 3
    assert estimated_rows(path, path.stat().st_size / 3) == 3


@pytest.mark.parametrize("begin", [b"BZh91AY&SY", b"DBN\x02", b"%PDF-1.7", b"PK\x07\x08"])
def test_a_container_is_told_by_all_of_its_sign(tmp_path: Path, begin: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(begin + b"\x8f,1,2\n" * 20)

    with pytest.raises(FileError, match=r"x.csv is (packed|Databento's|a PDF|damaged)"):
        decoded(path, KNOWN)


def test_rows_of_parquet_are_counted(tmp_path: Path) -> None:
    pq.write_table(_table(pa.array(["2026-11-27 09:30:00"] * 7)), tmp_path / "x.parquet")

    assert estimated_rows(tmp_path / "x.parquet", 1) == 7


def _read(path: Path, limits: Limits) -> None:
    layout = recognise(path, KNOWN, limits).layout
    list(Decoder(path, layout, SEEN, limits).rows())


def _by_columns(path: Path, limits: Limits) -> Iterator[Piece]:
    layout = recognise(path, KNOWN, limits).layout
    for part in ColumnDecoder(path, layout, SEEN, limits).parts(100):
        yield from part


def test_what_unpacks_to_more_than_the_limit_is_refused_by_its_size(tmp_path: Path) -> None:
    text = "".join(f"{_at('2026-11-27 09:30:00')}\n" for _ in range(2_000))
    limits = Limits(unpacked_bytes=50_000)
    packed = write(tmp_path, "x.csv", NAMES)
    packed.write_bytes(gzip.compress(f"{NAMES}\n{text}".encode()))

    for path in (zipped(tmp_path, "large.zip", {"a.csv": f"{NAMES}\n{text}"}), packed):
        with pytest.raises(FileError, match=r"GiB, which is the limit of a file; cut it"):
            _read(path, limits)
        with pytest.raises(FileError, match=r"GiB, which is the limit of a file; cut it"):
            list(_by_columns(path, limits))


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", NAMES, ROW, "1" * 5_000)

    with pytest.raises(FileError, match=r"x.csv has a line of more than 1000 bytes: no bars"):
        _read(path, Limits(line_bytes=1_000))
    found: list[Piece] = []
    with pytest.raises(FileError, match=r"x.csv has a line of more than 1000 bytes: no bars"):
        found.extend(_by_columns(path, Limits(line_bytes=1_000)))
    assert len(found) == 1  # what comes before it counts


@pytest.mark.parametrize("kind", ["gz", "zip", "parquet"])
def test_a_cut_file_says_so(tmp_path: Path, kind: str) -> None:
    times = [f"2026-11-{day:02} {hour:02}:{minute:02}:00" for day in range(2, 28)
             for hour in range(10, 16) for minute in range(60)]  # fmt: skip
    text = "".join(f"{_at(each)}\n" for each in times)
    path = tmp_path / f"x.{kind}"
    if kind == "zip":
        zipped(tmp_path, "x.zip", {"a.csv": f"{NAMES}\n{text}"})
    elif kind == "gz":
        path.write_bytes(gzip.compress(f"{NAMES}\n{text}".encode()))
    else:
        pq.write_table(_table(pa.array(times)), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(FileError, match=r"x\.(gz|zip|parquet) is (damaged or ends early|no whole)"):
        decoded(path, KNOWN)


@pytest.mark.parametrize(
    ("begin", "what"),
    [
        (b"\xff\xfet\x00i\x00", "x.csv is UTF-16 text; save it as UTF-8"),
        (b"<html><body>limit reached", "a web page, perhaps the vendor's refusal"),
        (b"DBN\x01....", "Databento's binary form"),
        (b"", "x.csv is empty"),
        (b"time,open,high,low,close\n", "x.csv holds no row below its header"),
        (b'{"Information": "the limit of 25 calls"}', "holds no time series but"),
    ],
)
def test_what_is_no_file_of_bars_is_named(tmp_path: Path, begin: bytes, what: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(begin)

    with pytest.raises(FileError, match=what.replace(".", r"\.")):
        decoded(path, KNOWN)


def test_a_part_of_an_archive_with_other_columns_is_refused(tmp_path: Path) -> None:
    other = "time,open,close,high,low,volume"
    path = zipped(tmp_path, "two.zip", {"a.csv": f"{NAMES}\n{ROW}\n", "b.csv": f"{other}\n{ROW}\n"})

    with pytest.raises(FileError, match=r"two.zip: b.csv does not begin with 'time,open,high"):
        decoded(path, KNOWN)


def _table(time: pa.Array, price: pa.DataType | None = None) -> pa.Table:
    columns = {name: ["10.5"] * len(time) for name in ("open", "high", "low", "close")}
    return pa.table(
        {
            "time": time,
            **{name: pa.array(texts).cast(price or pa.string()) for name, texts in columns.items()},
            "volume": pa.array([1200] * len(time), pa.int32()),
        }
    )


_MOMENT = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "answers"),
    [
        (_table(pa.array(["2026-11-27 09:30:00"])), KNOWN),
        (_table(pa.array([_MOMENT], pa.timestamp("ns", "America/New_York"))), COUNTED),
        (_table(pa.array([_MOMENT], pa.timestamp("s", "UTC"))), COUNTED),
        (_table(pa.array([_MOMENT], pa.timestamp("us", "UTC")), pa.float64()), COUNTED),
        (_table(pa.array([_MOMENT], pa.timestamp("ms", "UTC")), pa.float32()), COUNTED),
        (_table(pa.array([_MOMENT], pa.timestamp("us", "UTC")), pa.decimal128(12, 4)), COUNTED),
        (_table(pa.array([1795789800000], pa.int64())), COUNTED),
        (_table(pa.array(["2026-11-27 09:30:00"]).dictionary_encode()), KNOWN),
        (
            _table(pa.array([datetime(2026, 11, 27, 9, 30)], pa.timestamp("us"))),  # noqa: DTZ001
            KNOWN,
        ),
    ],
)
def test_parquet_of_any_types(tmp_path: Path, table: pa.Table, answers: Answers) -> None:
    pq.write_table(table, tmp_path / "x.parquet")

    [row] = decoded(tmp_path / "x.parquet", answers)

    bar = row.bar
    assert bar is not None
    assert (bar.exchange_time, Decimal(bar.ohlcv.open), bar.ohlcv.volume) == (
        "2026-11-27 14:30:00",
        Decimal("10.5"),
        "1200",
    )


@pytest.mark.parametrize("order", [1, -1])  # pandas puts the index behind the columns
def test_parquet_of_databento_is_fixed_point(tmp_path: Path, order: int) -> None:
    table = pa.table(
        {
            "ts_event": pa.array([_MOMENT], pa.timestamp("ns", "UTC")),
            "rtype": pa.array([33], pa.uint8()),
            "publisher_id": pa.array([2], pa.uint16()),
            "instrument_id": pa.array([38], pa.uint32()),
            **{name: pa.array([10_500_000_001]) for name in ("open", "high", "low", "close")},
            "volume": pa.array([1200], pa.uint64()),
            "symbol": pa.array(["AAPL"]),
        }
    )
    table = table.select(table.column_names[::order])
    pq.write_table(table, tmp_path / "x.parquet")

    [row] = decoded(tmp_path / "x.parquet")

    assert told(row) == (*FIRST[:4], "10.500000001", "10.500000001", "1200")


def test_a_column_of_lists_is_no_price(tmp_path: Path) -> None:
    table = _table(pa.array(["2026-11-27 09:30:00"]))
    lists = pa.array([[10.5]])
    pq.write_table(table.set_column(1, "open", lists), tmp_path / "x.parquet")

    with pytest.raises(FileError, match=r"x.parquet is of no known format"):
        decoded(tmp_path / "x.parquet", KNOWN)
