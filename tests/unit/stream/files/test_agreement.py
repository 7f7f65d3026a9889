"""Whole columns are read as rows are read one by one, whatever stands in a file."""

from __future__ import annotations

import gzip
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.stream.files.columnar.zone_table import zone_table
from services.stream.files.layout import Answers, FileError
from services.stream.files.recognise import recognise
from services.stream.files.times import TimeError, written_clock
from tests.unit.stream.files.agreement import require_agreement, source_of
from tests.unit.stream.files.samples import SEEN

KNOWN = Answers(symbol="AAPL", interval="1min", zone="America/New_York", label="start", basis="raw")
_FIELDS = ("time", "open", "high", "low", "close", "volume", "symbol")
_LESS = (*_FIELDS[:6], "-")
_FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S-05:00",
    "%Y-%m-%d %H:%M:%S.000000000+0530",
    "%Y%m%d %H%M%S",
    "%Y%m%d%H%M",
    "%d.%m.%Y %H:%M:%S.000",
    "%m/%d/%Y %H:%M",
    "%Y-%m-%d",
    "s",
    "ms",
    "us",
    "ns",
)
_ODD_TIMES = (
    *("", "0001-01-01 00:00:00", "9999-12-31", "2026-02-30 09:30:00", "2026-03-08 02:30:00"),
    *("2026-11-01 01:30:00", "2026-11-27 09:30:07", "2026-11-27 24:00:00", "-1", "1", "10" * 10),
    *(" 2026-11-27  09:30", "2026-11-27 9:30", "2026-1-2 09:30:00", "2026-11-27 09:30:00 UTC"),
    *("2099-01-01 00:00:00", "1969-12-31 23:00", "timestamp", "27/11/2026 09:30", "٣"),
)
_ODD_NUMBERS = (
    *("", "x", "-1", "0", "0.0", "1e2", "1E-5", "+5", ".5", "5.", "1_0", "nan", "NaN", "null"),
    *("1.12345678901", "1.10000000000000", "0.0000000001", "123456789012", "1234567890123"),
    *("99999999999999999999", "00012.50", " 7 ", "1.2.3", "1,5", "9999999999.99999999", "inf"),
    *("0.12345678901234567", "123456789012.5", "1000000000000000000", "٣"),
)


def _moments() -> st.SearchStrategy[datetime]:
    around = [datetime.fromisoformat(day) for day in ("2026-11-01", "2026-03-08", "2026-11-26")]
    return st.builds(
        lambda begin, minutes: begin + timedelta(minutes=minutes),
        st.sampled_from(around),
        st.integers(0, 2000),
    )


def _time(moment: datetime, form: str) -> str:
    ticks = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}.get(form)
    if ticks is None:
        return moment.strftime(form)
    return str(int(moment.replace(tzinfo=UTC).timestamp()) * ticks)


def _price() -> st.SearchStrategy[str]:
    usual = st.builds(
        lambda cents, scale: f"{Decimal(cents) / 100:.{scale}f}",
        st.integers(1, 10_000_000),
        st.integers(2, 10),
    )
    return st.one_of(usual, st.integers(1, 10**7).map(str))


@st.composite
def _line(draw: st.DrawFn, form: str, is_odd: st.SearchStrategy[bool]) -> str:
    values = [draw(_price()) for _ in range(4)]
    low, first, last, high = sorted(values, key=Decimal)
    cells = [_time(draw(_moments()), form), first, high, low, last]
    cells.append(draw(st.sampled_from(("1200", "0", "12.5", "12345678901.12345678", ""))))
    cells.append(draw(st.sampled_from(("AAPL", "MSFT", "TSCO.LON", "FX:EUR/USD"))))
    if draw(is_odd):
        place = draw(st.integers(0, len(cells) - 1))
        odd = {0: _ODD_TIMES, 6: ("brk.b", " AAPL", "", "symbol", "É", "AAPL.US")}
        cells[place] = draw(st.sampled_from(odd.get(place, _ODD_NUMBERS)))
        line = ",".join(cells)
        return draw(
            st.sampled_from(
                (line, line, line[: len(line) // 2], f'"{line}"', "", "   ", f"{line},9",
                 f"é{line}", line.replace(",", '","'), ",".join(f'"{cell}"' for cell in cells),
                 ",".join(f" {cell} " for cell in cells), f"{line}\r", ",".join(_FIELDS),
                 ",".join(cells[:5]))
            )
        )  # fmt: skip
    return ",".join(cells)


@st.composite
def _texts(draw: st.DrawFn) -> bytes:
    form = draw(st.sampled_from(_FORMS))
    is_odd = draw(st.sampled_from((st.just(False), st.integers(0, 4).map(lambda n: n == 0))))
    lines = draw(st.lists(_line(form, is_odd), min_size=1, max_size=40))
    if draw(st.booleans()):
        lines.insert(0, ",".join(_FIELDS))
    end = draw(st.sampled_from(("\n", "\r\n")))
    text = end.join(lines) + draw(st.sampled_from((end, "", end + end)))
    return draw(st.sampled_from((b"", b"\xef\xbb\xbf"))) + text.encode()


@st.composite
def _answers(draw: st.DrawFn) -> Answers:
    columns = draw(st.sampled_from((None, _FIELDS, _LESS)))
    interval = draw(st.sampled_from(("1min", "1min", "5min", "60min", "1d")))
    return replace(
        KNOWN,
        symbol=draw(st.sampled_from(("AAPL", "IBM") if columns == _LESS else ("AAPL", None))),
        interval=interval,
        zone=draw(st.sampled_from(("America/New_York", "UTC", "Asia/Kolkata", "Etc/GMT+5"))),
        label=draw(st.sampled_from(("start", "end"))),
        basis=draw(st.sampled_from(("raw", "split"))),
        as_of=date(2026, 11, 27),
        dates=draw(st.sampled_from(("dmy", "mdy"))),
        unit=draw(st.sampled_from((None, None, Decimal("0.0001"), Decimal("0.01"), Decimal(100)))),
        decimals=draw(st.sampled_from((None, None, 0, 2, 6))),
        columns=columns,
    )


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=_texts(), answers=_answers(), most_rows=st.integers(1, 50), begun=st.integers(0, 12),
    is_packed=st.booleans(),
)  # fmt: skip
def test_lines_of_text_are_read_alike(
    text: bytes, answers: Answers, most_rows: int, begun: int, is_packed: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(gzip.compress(text) if is_packed else text)
        try:
            layout = recognise(path, answers).layout
        except FileError:
            return
        require_agreement(source_of(path, layout, SEEN, begun), most_rows)


_TYPES = (pa.string(), pa.float64(), pa.float32(), pa.int64(), pa.decimal128(18, 4),
          pa.dictionary(pa.int32(), pa.string()))  # fmt: skip
_TIMES = (pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("ms", "UTC"), pa.date32(),
          pa.timestamp("us", "America/New_York"), pa.string(), pa.int64())  # fmt: skip
_VALUES = (0.1, 645.57, 645.0, 1e-5, 0.00012, 1e16, 123456.789012, 2.5, float("nan"), None, -0.0)


@st.composite
def _tables(draw: st.DrawFn) -> pa.Table:
    size = draw(st.integers(1, 30))
    moments = draw(st.lists(_moments(), min_size=size, max_size=size))
    kind = draw(st.sampled_from(_TIMES))
    times = pa.array(moments, pa.timestamp("us"))
    if pa.types.is_date(kind):
        times = times.cast(pa.timestamp("s")).cast(pa.date32(), safe=False)
    elif kind == pa.string():
        times = pa.array([f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments])
    elif kind == pa.int64():
        times = pa.array([int(moment.replace(tzinfo=UTC).timestamp()) * 1000 for moment in moments])
    else:
        times = times.cast(kind)
    columns = {"time": times}
    prices = draw(st.lists(st.integers(2, 10**7), min_size=size, max_size=size))
    for name, shift in (("open", 0), ("high", 1), ("low", -1), ("close", 0), ("volume", 0)):
        kind = draw(st.sampled_from(_TYPES))
        values: list[float | None] = [
            price + shift if kind == pa.int64() else (price + shift) / 10_000 for price in prices
        ]
        if draw(st.integers(0, 5)) == 0 and kind == pa.float64():
            values[draw(st.integers(0, size - 1))] = draw(st.sampled_from(_VALUES))
        if pa.types.is_string(kind) or pa.types.is_dictionary(kind):
            array = pa.array([f"{value:.4f}" if value is not None else None for value in values])
            columns[name] = (
                array.cast(kind) if pa.types.is_string(kind) else (array.dictionary_encode())
            )
        elif pa.types.is_decimal(kind):
            columns[name] = pa.array([Decimal(f"{value:.4f}") for value in values], kind)
        else:
            columns[name] = pa.array(values, pa.float64()).cast(kind, safe=False)
    return pa.table(columns)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(table=_tables(), answers=_answers(), most_rows=st.integers(1, 50), begun=st.integers(0, 12))
def test_columns_of_parquet_are_read_alike(
    table: pa.Table, answers: Answers, most_rows: int, begun: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        pq.write_table(table, path)
        try:
            layout = recognise(path, replace(answers, columns=None, symbol="AAPL")).layout
        except FileError:
            return
        require_agreement(source_of(path, layout, SEEN, begun), most_rows)


@pytest.mark.parametrize(
    "name", ["America/New_York", "Europe/London", "America/Sao_Paulo", "Asia/Kolkata", "UTC",
             "Australia/Lord_Howe", "Africa/Casablanca", "Africa/Monrovia"]
)  # fmt: skip
def test_a_zone_has_the_offsets_that_python_knows(name: str) -> None:
    zone, table = ZoneInfo(name), zone_table(name)
    first = datetime(1971, 1, 1, tzinfo=UTC)
    instants = [first + timedelta(hours=7 * count, minutes=30) for count in range(80_000)]
    moments = np.array([int(each.timestamp()) * 1_000_000 for each in instants])

    clocks = table.clocks(moments)
    back, is_one = table.instants(clocks)

    local = [each.astimezone(zone) for each in instants]
    assert [int(each) for each in clocks - moments] == [
        round((each.utcoffset() or timedelta()).total_seconds()) * 1_000_000 for each in local
    ]
    once = [each.utcoffset() == each.replace(fold=1 - each.fold).utcoffset() for each in local]
    assert is_one.tolist() == once
    assert (back[is_one] == moments[is_one]).all()


def test_what_stands_behind_a_date_is_a_clock_or_none() -> None:
    assert written_clock(" 09:30")[0].isoformat() == "09:30:00"
    for text in ("", "09", " 25:00", "5 09:30"):
        with pytest.raises(TimeError):
            written_clock(text)
