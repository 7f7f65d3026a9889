"""A look at files before anything is written: what is in them, and what in them looks wrong.

An executor decodes each file and counts; in comes a file, out goes what the driver compares with
calendars, splits and stored bars.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from itertools import pairwise

import numpy as np

from services.common.market.bar import Bar
from services.stream.files.columnar.decode import ColumnDecoder, Piece
from services.stream.files.columnar.numbers import Int64s
from services.stream.files.columnar.written_times import DAY_US, microseconds
from services.stream.files.columnar.zone_table import SECOND_US
from services.stream.files.decode import DecodedRow
from services.stream.files.layout import FileError
from services.stream.importing.series_survey import SeriesRows, SeriesSurvey
from services.stream.importing.sources import Source

_PART_ROWS = 100_000
_SHOWN_ROWS = 5
_MOST_SERIES = 1_000
"""Of so many series of a file single bars are compared with stored ones."""

Splits = Mapping[str, Sequence[date]]
"""The days on which splits of a symbol took effect."""


@dataclass
class FileSurvey:
    """What was seen of a file; `unseen` is the last of the bars that begin after it was written."""

    rows: int = 0
    shown: list[Bar] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    refused: DecodedRow | None = None
    unseen: Bar | None = None
    broken: str | None = None
    series: dict[tuple[str, str], SeriesSurvey] = field(default_factory=dict)


def survey_files(
    sources: Sequence[Source], splits: Splits, now: datetime
) -> Callable[[Iterable[int]], Iterator[tuple[int, FileSurvey]]]:
    """Return the function that each Spark task runs over numbers of `sources`."""

    def run(numbers: Iterable[int]) -> Iterator[tuple[int, FileSurvey]]:
        for number in numbers:
            yield number, survey(sources[number], splits, now)

    return run


def survey(source: Source, splits: Splits, now: datetime) -> FileSurvey:
    """Return what is in a file, bars that begin after it was written but not after `now` too."""
    found = FileSurvey()
    decoder = ColumnDecoder(source.path, source.layout, max(source.observed_at, now))
    try:
        for part in decoder.parts(_PART_ROWS):
            for piece in part:
                _add_piece(found, piece, splits, source.observed_at)
    except FileError as error:
        found.broken = str(error)
    return found


def _add_piece(found: FileSurvey, piece: Piece, splits: Splits, observed_at: datetime) -> None:
    found.rows += len(piece.numbers)
    if len(found.shown) < _SHOWN_ROWS:
        found.shown += _first_bars(piece, _SHOWN_ROWS - len(found.shown))
    for row in piece.rows:
        if row.bar is None:
            found.reasons[row.reason or ""] += 1
            found.refused = found.refused or row
    for rows in _series_rows(piece):
        late = int(rows.starts.argmax())
        if rows.starts[late] > _latest(observed_at, rows.interval):
            bars = (found.unseen or rows.bar(late), rows.bar(late))
            found.unseen = max(bars, key=lambda bar: bar.exchange_time)
        key = rows.symbol, rows.interval
        if key not in found.series:
            if len(found.series) >= _MOST_SERIES:
                continue
            found.series[key] = SeriesSurvey(rows.bar(0), rows.bar(0))
        rows.add_to(found.series[key], splits.get(rows.symbol, ()))


def _first_bars(piece: Piece, count: int) -> list[Bar]:
    good = [int(place) for bars in piece.bars for place in bars.places[:count]]
    rows = [piece.row(place) for place in good] + [row for row in piece.rows if row.bar is not None]
    ordered = sorted(rows, key=lambda row: row.number)[:count]
    return [row.bar for row in ordered if row.bar is not None]


def _series_rows(piece: Piece) -> Iterator[SeriesRows]:
    """Yield the good rows of a piece, series by series."""
    for bars in piece.bars:
        codes = bars.symbols.indices.to_numpy()
        starts = bars.days * DAY_US if bars.interval == "1d" else bars.begins
        order = np.argsort(codes, kind="stable")
        bounds = np.flatnonzero(np.diff(codes[order], prepend=-1, append=-1))
        for begin, end in pairwise(bounds):
            chosen = order[begin:end]
            symbol = bars.symbols.dictionary[int(codes[chosen[0]])].as_py()
            read = partial(_bar, piece, bars.places[chosen])
            yield SeriesRows(symbol, bars.interval, starts[chosen], read)
    for row in piece.rows:
        if row.bar is not None:
            start = microseconds(datetime.fromisoformat(row.bar.exchange_time).replace(tzinfo=UTC))
            read = partial(_same, row.bar)
            yield SeriesRows(row.bar.symbol, row.bar.interval, np.array([start]), read)


def _bar(piece: Piece, places: Int64s, place: int) -> Bar:
    row = piece.row(int(places[place]))
    if row.bar is None:
        raise RuntimeError(f"{row.member}:{row.line} is a bar by columns, but {row.reason} by rows")
    return row.bar


def _same(bar: Bar, _place: int) -> Bar:
    return bar


def _latest(observed_at: datetime, interval: str) -> int:
    """Return the last start of a bar that can have been seen, of days their last date."""
    seen = microseconds(observed_at)
    # East of Greenwich a day begins before it does in UTC.
    return seen // DAY_US * DAY_US + DAY_US if interval == "1d" else seen // SECOND_US * SECOND_US


def close_of(bar: Bar) -> Decimal:
    """Return a bar's close as a number."""
    return Decimal(bar.ohlcv.close)
