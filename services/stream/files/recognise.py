"""The first rows of a file → the layout that they have, as far as they tell it. Pure.

In come the file's name and its first lines, out goes a layout in which everything that is not known
of the vendor, and was not said by the person, is open: `layout.settled` asks for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from services.stream.files import vendors
from services.stream.files.containers import DEFAULT_LIMITS, rows
from services.stream.files.layout import (
    FIELDS,
    PRICES,
    Answers,
    FileError,
    Layout,
    TimeForm,
    UnansweredError,
    settled,
)
from services.stream.files.sample import Sample, named_columns
from services.stream.files.symbols import with_chosen
from services.stream.files.text_lines import Limits, Row
from services.stream.files.times import ticks_per_second, written_parts

_SAMPLE_ROWS = 400
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Recognised:
    """A file's layout, and its first rows."""

    layout: Layout
    sample: Sample

    @property
    def row_bytes(self) -> float:
        """The mean length of the first rows."""
        rows = self.sample.rows
        return sum(len(",".join(row)) + 1 for row in rows) / len(rows)


def recognise(path: Path, answers: Answers, limits: Limits = DEFAULT_LIMITS) -> Recognised:
    """Return how a file is to be read. Raises FileError, which says what is to be answered."""
    sample = _sample(path, limits)
    layout = _layout(sample, answers)
    layout = _with_time_form(layout, sample)
    layout = _with_decimals(settled(layout, answers, path.name), sample, path.name)
    return Recognised(with_chosen(layout, path, limits), sample)


def _first_rows(path: Path, limits: Limits) -> list[Row]:
    begin: list[Row] = []
    try:
        for row in islice(rows(path, limits), _SAMPLE_ROWS):
            if begin and row.member != begin[0].member:
                break
            begin.append(row)
    except FileError:
        # What a cut file begins with tells its layout; where it breaks is said when it is read.
        if not begin:
            raise
    if not begin:
        raise FileError(f"{path.name} is empty")
    return begin


def _sample(path: Path, limits: Limits) -> Sample:
    begin = _first_rows(path, limits)
    cells = [row.cells for row in begin if row.cells is not None]
    if len(cells) * 2 < len(begin):
        raise FileError(f"{path.name} is no UTF-8 text")
    header: list[tuple[str, ...]] = []
    while len(header) < min(3, len(cells)) and _is_heading(cells[len(header)]):
        header.append(tuple(cells[len(header)]))
    body = cells[len(header) :]
    if not body:
        raise FileError(f"{path.name} holds no row below its header")
    return Sample(
        path=path,
        member=begin[0].member,
        header=tuple(header),
        rows=tuple(tuple(row) for row in body),
    )


def _is_heading(cells: list[str]) -> bool:
    # yfinance writes three lines: names, tickers (600519 is one), and a single name.
    if cells[0] == "Ticker":
        return True
    has_values = any(_NUMBER.fullmatch(cell) or written_parts(cell) for cell in cells[1:])
    return not has_values and not cells[0][:1].isdigit()


def _layout(sample: Sample, answers: Answers) -> Layout:
    if answers.columns is not None:
        return _described(sample, answers.columns)
    if answers.format is not None:
        if answers.format not in vendors.BY_NAME:
            raise FileError(f"--format: {answers.format!r} is none of {', '.join(vendors.BY_NAME)}")
        found = vendors.BY_NAME[answers.format](sample, True)
        if found is None:
            raise FileError(
                f"{sample.path.name} does not have the columns of {answers.format}: it begins with "
                f"{','.join((sample.header or sample.rows)[0])[:80]!r}"
            )
        return found
    layouts = [found for each in vendors.BY_NAME.values() if (found := each(sample, False))]
    if layouts:
        return layouts[0]
    named = named_columns(sample)
    if named is not None:
        return named
    raise UnansweredError(
        f"{sample.path.name} is of no known format: it begins with "
        f"{','.join((sample.header or sample.rows)[0])[:80]!r}; tell --format "
        f"{'|'.join(vendors.BY_NAME)}, or its columns, such as --columns "
        "date,clock,open,high,low,close,volume"
    )


def _described(sample: Sample, names: tuple[str, ...]) -> Layout:
    columns = {name: place for place, name in enumerate(names) if name != "-"}
    wanted = {*PRICES} | ({"time"} if "time" in columns else {"date"})
    if not set(names) <= set(FIELDS) or not wanted <= set(columns):
        raise FileError(
            "--columns names each column in its order: time (or date and clock), open, high, low, "
            "close, and volume, symbol or - where they are"
        )
    if len(columns) != sum(name != "-" for name in names):
        raise FileError("--columns names a column twice")
    if max(columns.values()) >= len(sample.rows[0]):
        raise FileError(
            f"--columns names {len(names)} columns, but {sample.path.name} has "
            f"{len(sample.rows[0])}"
        )
    return Layout("described columns", columns, sample.header)


def _with_time_form(layout: Layout, sample: Sample) -> Layout:
    """Return the layout with what the first time of the file tells."""
    if layout.time_form is TimeForm.MIDNIGHT_MS:
        return layout
    text = layout_time(layout, sample.rows[0])
    ticks = ticks_per_second(text)
    if ticks is not None and len(text) > 8:  # 20261001 is a date
        return replace(layout, time_form=TimeForm.EPOCH, ticks_per_second=ticks)
    parts = written_parts(text)
    if parts is None:
        raise FileError(f"{sample.path.name}: {text[:40]!r} is no time that is known here")
    _, clock, offset = parts
    has_clock = clock is not None
    layout = replace(layout, has_clock=has_clock, has_offset=offset is not None)
    if not has_clock and layout.interval is None and not layout.interval_is_in_rows:
        layout = replace(layout, interval="1d")
    return _with_date_order(layout, sample)


def _with_date_order(layout: Layout, sample: Sample) -> Layout:
    if layout.date_order != "ymd":
        return layout
    dates = [(written_parts(layout_time(layout, row)) or ("",))[0] for row in sample.rows]
    found = [re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}", text) for text in dates]
    numbers = [(int(match[1]), int(match[2])) for match in found if match]
    if not numbers:
        return layout
    if any(first > 12 for first, _ in numbers):
        return replace(layout, date_order="dmy")
    return replace(layout, date_order="mdy" if any(last > 12 for _, last in numbers) else None)


def layout_time(layout: Layout, cells: tuple[str, ...] | list[str]) -> str:
    """Return the text that tells when the bar of a row is. Raises IndexError of a short row."""
    columns = layout.columns
    if "time" in columns:
        return cells[columns["time"]]
    if "clock" in columns:
        return f"{cells[columns['date']]} {cells[columns['clock']]}"
    return cells[columns["date"]]


_DECIMALS = re.compile(r"\d*\.(\d{10})(\d*?)0*")


def _with_decimals(layout: Layout, sample: Sample, name: str) -> Layout:
    """Return the layout unless its numbers have more decimals than a bar, which need a rule."""
    if layout.decimals is not None or layout.unit != 1:
        return layout
    places = [layout.columns[field] for field in (*PRICES, "volume") if field in layout.columns]
    for row in sample.rows:
        for place in places:
            match = _DECIMALS.fullmatch(row[place]) if place < len(row) else None
            if match is not None and match[2]:
                raise UnansweredError(
                    f"{name} ({layout.format}) has numbers of more than ten decimals, such as "
                    f"{row[place]}: add --decimals N, to which they are rounded half to even"
                )
    return layout
