"""A range of bars as statements that are small each: series in, slices with their SQL out. Pure.

A statement may take 30 seconds and a viewer may read slowly, so that no statement lasts as long as
a download. Each is of some series, or of a span of one, with about as many bars as are kept in
memory; bars have the distance of their interval at least, which bounds how many there can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.common.market.bar import INTERVAL_MINUTES
from services.dashboard.data_api.dataset import Dataset
from services.dashboard.data_api.paging import Statement, Wanted

ROWS: Final = 10_000
"""Of a slice, about."""
SYMBOLS_AT_A_TIME: Final = 100
_SHORTEST_DAY_MINUTES: Final = 23 * 60
_TICK: Final = timedelta(microseconds=1)  # the distance of two instants in PostgreSQL
_WIDEN_AT_MOST: Final = 8

# By the whole key on both sides, which alone makes the planner look the ends up by it.
_ENDS: Final = """
select asked.symbol, length.interval, oldest.bar_time, newest.bar_time
from unnest(%(symbols)s::text[]) with ordinality as asked (symbol, place)
cross join bi.intervals as length
inner join lateral (
    select bar.symbol, bar.interval, bar.bar_time from bi.events_stream as bar
    where (bar.symbol, bar.interval, bar.bar_time)
    >= (asked.symbol, length.interval, %(since)s::timestamptz)
    order by bar.symbol, bar.interval, bar.bar_time limit 1
) as oldest
    on (oldest.symbol, oldest.interval) = (asked.symbol, length.interval)
inner join lateral (
    select bar.symbol, bar.interval, bar.bar_time from bi.events_stream as bar
    where (bar.symbol, bar.interval, bar.bar_time)
    < (asked.symbol, length.interval, %(until)s::timestamptz)
    order by bar.symbol desc, bar.interval desc, bar.bar_time desc limit 1
) as newest
    on (newest.symbol, newest.interval) = (asked.symbol, length.interval)
where length.interval = coalesce(%(interval)s, length.interval)
and oldest.bar_time <= newest.bar_time
order by asked.place, length.interval
"""


@dataclass(frozen=True)
class Series:
    """A series that has bars in the range, with the first and the last of them."""

    symbol: str
    interval: str
    first: datetime
    last: datetime

    @property
    def distance(self) -> timedelta:
        """Return how far apart two bars are at least."""
        return timedelta(minutes=INTERVAL_MINUTES.get(self.interval, _SHORTEST_DAY_MINUTES))

    @property
    def most_rows(self) -> int:
        """Return how many bars there can be."""
        return (self.last - self.first) // self.distance + 1


@dataclass(frozen=True)
class Slice:
    """What one statement reads: bars of an interval from `since` until before `until`."""

    symbols: tuple[str, ...]
    interval: str
    since: datetime
    until: datetime


def symbols_statement(wanted: Wanted) -> Statement:
    """Return what lists the symbols in the order in which their bars go out."""
    text = "select symbol from bi.symbols{} order by symbol"
    if not wanted.symbols:
        return Statement(text.format(""), ())
    return Statement(text.format(" where symbol = any(%s)"), (list(wanted.symbols),))


def ends_statement(wanted: Wanted, symbols: list[str]) -> tuple[str, dict[str, Any]]:
    """Return what gives the columns of Series, in order, of these symbols."""
    return _ENDS, {
        "symbols": symbols,
        "interval": wanted.interval,
        "since": wanted.since or "-infinity",
        "until": wanted.until or "infinity",
    }


def first_slices(found: Iterable[Series]) -> Iterator[tuple[Slice, datetime]]:
    """Yield where to begin, in order, with the instant of the last bar: several small series
    together and whole, or the first span of a large one."""
    group: list[Series] = []
    for series in found:
        fits = sum(one.most_rows for one in (*group, series)) <= ROWS
        if group and not (fits and series.interval == group[0].interval):
            yield _first_slice(group)
            group = []
        group.append(series)
    if group:
        yield _first_slice(group)


def _first_slice(group: list[Series]) -> tuple[Slice, datetime]:
    since, last = min(one.first for one in group), max(one.last for one in group)
    until = last + _TICK
    if len(group) == 1:
        until = min(until, since + ROWS * group[0].distance)
    return Slice(tuple(one.symbol for one in group), group[0].interval, since, until), last


def next_slice(before: Slice, rows: int, last: datetime) -> Slice | None:
    """Return what follows a slice that had so many rows; None after the last bar. Nights and
    week-ends have none, so that the next span may be longer."""
    if before.until > last:
        return None
    width = (before.until - before.since) * min(_WIDEN_AT_MOST, ROWS / max(rows, 1))
    until = min(before.until + width, last + _TICK)
    return Slice(before.symbols, before.interval, before.until, until)


def slice_statement(dataset: Dataset, wanted: Wanted, part: Slice) -> Statement:
    """Return what reads a slice."""
    source, parameters = dataset.view, []
    if wanted.as_of is not None:
        source, parameters = f"{dataset.past}(%s)", [wanted.as_of]
    # The planner follows the key for one symbol, but not for a list of one.
    one, symbol = ("= %s", part.symbols[0]) if len(part.symbols) == 1 else ("= any(%s)", None)
    names = ", ".join(name for name, _ in dataset.showing(wanted.columns).columns)
    text = (
        f"select {names} from {source} where symbol {one} and interval = %s "
        "and bar_time >= %s and bar_time < %s order by symbol, interval, bar_time"
    )
    bounds = (symbol or list(part.symbols), part.interval, part.since, part.until)
    return Statement(text, (*parameters, *bounds))
