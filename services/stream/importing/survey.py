"""A look at files before anything is written: what is in them, and what in them looks wrong.

An executor decodes each file and counts; in comes a file, out goes what the driver compares with
calendars, splits and stored bars. The look needs no more memory for a long file than for a short
one: of each series it keeps its first and last bars, and those around its splits.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa

from services.common.market.bar import Bar
from services.common.market.exchanges import exchange_of
from services.stream.files.decode import DecodedRow, Decoder
from services.stream.files.layout import FileError
from services.stream.importing.sources import Source

SURVEY_SCHEMA = "number int, found binary"
_SURVEY = pa.schema([("number", pa.int32()), ("found", pa.binary())])
_SHOWN_ROWS = 5
_MOST_SERIES = 1_000
"""Of so many series of a file single bars are compared with stored ones."""
_MOST_STEPS = 100
"""So many different steps of a series are counted; rows in disorder have no common one."""

Splits = Mapping[str, Sequence[date]]
"""The days on which splits of a symbol took effect."""


@dataclass
class SeriesSurvey:
    """What was seen of one series of a file; `minutes` are of the day, on the exchange's clock,
    `steps` minutes from one row's bar to the next one's."""

    first: Bar
    last: Bar
    bars: int = 0
    minutes: Counter[int] = field(default_factory=Counter)
    steps: Counter[int] = field(default_factory=Counter)
    previous: datetime | None = None
    before_split: dict[date, Bar] = field(default_factory=dict)
    after_split: dict[date, Bar] = field(default_factory=dict)


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
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function that each Spark task runs over numbers of `sources`."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                found = pickle.dumps(survey(sources[number], splits, now))
                yield pa.RecordBatch.from_pylist([{"number": number, "found": found}], _SURVEY)

    return run


def survey(source: Source, splits: Splits, now: datetime) -> FileSurvey:
    """Return what is in a file, bars that begin after it was written but not after `now` too."""
    found, latest = FileSurvey(), _latest(source.observed_at)
    try:
        for row in Decoder(source.path, source.layout, max(source.observed_at, now)).rows():
            found.rows += 1
            if row.bar is None:
                found.reasons[row.reason or ""] += 1
                found.refused = found.refused or row
                continue
            if len(found.shown) < _SHOWN_ROWS:
                found.shown.append(row.bar)
            if row.bar.exchange_time > latest[row.bar.interval == "1d"]:
                found.unseen = max(
                    found.unseen or row.bar, row.bar, key=lambda bar: bar.exchange_time
                )
            _add(found, row.bar, splits)
    except FileError as error:
        found.broken = str(error)
    return found


def _latest(observed_at: datetime) -> tuple[str, str]:
    """Return the last start of a bar, and the last date of one, that can have been seen."""
    seen = observed_at.astimezone(UTC)
    # East of Greenwich a day begins before it does in UTC.
    return f"{seen:%Y-%m-%d %H:%M:%S}", f"{seen + timedelta(days=1):%Y-%m-%d}"


def _add(found: FileSurvey, bar: Bar, splits: Splits) -> None:
    series = found.series.get((bar.symbol, bar.interval))
    if series is None:
        if len(found.series) >= _MOST_SERIES:
            return
        series = found.series[bar.symbol, bar.interval] = SeriesSurvey(bar, bar)
    series.bars += 1
    if bar.exchange_time < series.first.exchange_time:
        series.first = bar
    if bar.exchange_time > series.last.exchange_time:
        series.last = bar
    start = datetime.fromisoformat(bar.exchange_time)
    _count_step(series, start)
    day = start.date()
    if bar.interval != "1d":
        there = _there(bar.symbol, start)
        series.minutes[there.hour * 60 + there.minute] += 1
        day = there.date()
    for ex_date in splits.get(bar.symbol, ()):
        _keep_around(series, bar, day, ex_date)


def _count_step(series: SeriesSurvey, start: datetime) -> None:
    if series.previous is not None:
        step = abs(start - series.previous) // timedelta(minutes=1)
        if step in series.steps or len(series.steps) < _MOST_STEPS:
            series.steps[step] += 1
    series.previous = start


def _keep_around(series: SeriesSurvey, bar: Bar, day: date, ex_date: date) -> None:
    kept = series.before_split if day < ex_date else series.after_split
    known = kept.get(ex_date)
    is_nearer = known is None or (
        (bar.exchange_time > known.exchange_time)
        if day < ex_date
        else (bar.exchange_time < known.exchange_time)
    )
    if is_nearer:
        kept[ex_date] = bar


def _there(symbol: str, start: datetime) -> datetime:
    exchange = exchange_of(symbol)
    return start.replace(tzinfo=UTC).astimezone(
        ZoneInfo("UTC" if exchange is None else exchange.zone)
    )


def close_of(bar: Bar) -> Decimal:
    """Return a bar's close as a number."""
    return Decimal(bar.ohlcv.close)
