"""A range of bars as statements that are small each: series in, slices with their SQL out. Pure.

A statement for all would sort on disk, or read many years for a few bars. Each is of some series,
or of a span of one, with as many bars as are sorted in memory; planning it takes as long as reading
some thousand bars. Bars have the distance of their interval at least, which bounds how many there
can be; how many of those there are is learned from one slice for the next.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.common.market.bar import INTERVAL_MINUTES
from services.dashboard.data_api.dataset import Dataset
from services.dashboard.data_api.paging import Statement, Wanted

ROWS: Final = 80_000
"""Of a slice, about."""
SYMBOLS_AT_A_TIME: Final = 100
_SHORTEST_DAY_MINUTES: Final = 23 * 60
_TICK: Final = timedelta(microseconds=1)  # the distance of two instants in PostgreSQL
# Nights and week-ends have no bars, in regular hours four fifths of the minutes.
_LEAST_SHARE: Final = 0.2

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


def slices(found: Iterable[Series]) -> Generator[Slice, int]:
    """Yield what to read, in order: several small series together and whole, or one span of a
    large one after the other. It is sent how many rows the slice before had."""
    group: list[Series] = []
    share = 1.0
    for series in found:
        most = sum(one.most_rows for one in (*group, series))
        if group and not (share * most <= ROWS and series.interval == group[0].interval):
            share = yield from _of_group(group, share)
            group = []
        group.append(series)
    if group:
        yield from _of_group(group, share)


def _of_group(group: list[Series], share: float) -> Generator[Slice, int, float]:
    """Yield its slices; return the share of the possible bars that there are."""
    symbols = tuple(one.symbol for one in group)
    since, end = min(one.first for one in group), max(one.last for one in group) + _TICK
    while since < end:
        until, most = end, sum(one.most_rows for one in group)
        if len(group) == 1:
            until = min(end, since + group[0].distance * (ROWS / share))
            most = (until - since) // group[0].distance + 1
        rows = yield Slice(symbols, group[0].interval, since, until)
        share = max(_LEAST_SHARE, min(1.0, rows / most))
        since = until
    return share


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
