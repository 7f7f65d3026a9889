"""Derives the due series of a group again from the stored bars, in one transaction.

In come the marks that merges left in `indicator_work`, out go rows of `bar_indicators`; the marks
are removed in the same transaction, so that neither a death nor a second worker loses one.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from services.common.fail_points import reach
from services.stream.indicators import sql as statements
from services.stream.indicators.formulas import COLUMNS, LOOKBACK, STATE, Bars, Before
from services.stream.indicators.splits import Split, derive_across
from services.stream.sink.postgres import Session

_TIME = pa.timestamp("us", "UTC")
_VALUES = ("high", "low", "close", "volume")
_BARS = pa.schema(
    [
        ("series", pa.int32()),
        ("bar_time", _TIME),
        ("session_date", pa.date32()),
        ("is_due", pa.bool_()),
        ("shares_date", pa.date32()),
        *((name, pa.float64()) for name in _VALUES),
    ]
)
_STATES = pa.schema(
    [("series", pa.int32()), ("bar_time", _TIME), *((name, pa.float64()) for name in STATE)]
)
_INSTANT = timedelta(microseconds=1)
_EVER = datetime(1, 1, 1, tzinfo=UTC)

Series = tuple[str, str]
"""A symbol and an interval."""


class Derived(NamedTuple):
    """How many bars were derived, how many rows of that written, of how many series more is due."""

    bars: int = 0
    rows: int = 0
    unfinished: int = 0


@dataclass(frozen=True)
class _Due:
    """A series whose bars from `from_time` on are due; the last that changed is `until_time`."""

    symbol: str
    interval: str
    from_time: datetime
    until_time: datetime


@dataclass(frozen=True)
class _Computed:
    """The derived rows; None if those that they go on from are gone, which somebody removed."""

    due: _Due
    rows: pa.Table | None
    filled: bool = False


def pending(session: Session, most: int) -> list[Series]:
    """Return at most so many series that are due, those with the oldest bars first."""
    return [(row[0], row[1]) for row in session.fetch(statements.PENDING, (most,))]


def fold(session: Session) -> None:
    """Leave one mark for each series, where indicators are not wanted for now."""
    with session.transaction():
        session.run(statements.SNAPSHOT)
        session.run(statements.BEGIN_FOLDING)
        session.run(statements.FOLD)


def derive_group(session: Session, group: Sequence[Series], most_bars: int) -> Derived:
    """Derive the due bars of some series, at most `most_bars` of each. Raises DatabaseError.

    A series of which more is due keeps a mark that says where to go on.
    """
    session.run(statements.CREATE_STAGING)
    with session.transaction():
        # All that follows sees one state of the database. A merge that commits meanwhile leaves a
        # mark that is not seen here, not removed, and next in turn.
        session.run(statements.SNAPSHOT)
        marks = [_Due(*row) for row in session.fetch(statements.MARKS, _columns(group))]
        if not marks:
            return Derived()
        computed = list(_compute(session, marks, most_bars))
        done = _store(session, computed)
        session.run(statements.FORGET, _columns([(due.symbol, due.interval) for due in marks]))
        rest = [due for item in computed if (due := _rest(item, done)) is not None]
        if rest:
            fields = [(due.symbol, due.interval, due.from_time, due.until_time) for due in rest]
            session.run(statements.REMEMBER, _columns(fields))
        reach("indicators.before_commit")
    reach("indicators.after_commit")
    bars = sum(len(item.rows) for item in computed if item.rows is not None)
    return Derived(bars, sum(rows for rows, _ in done.values()), len(rest))


def _columns(rows: Sequence[tuple[object, ...]]) -> tuple[list[object], ...]:
    return tuple(map(list, zip(*rows, strict=True)))


def _compute(session: Session, marks: Sequence[_Due], most_bars: int) -> Iterator[_Computed]:
    wanted = _columns([(due.symbol, due.interval, due.from_time) for due in marks])
    bars = _read(session, statements.BARS, (*wanted, most_bars), _BARS)
    states = _read(session, statements.STATES, wanted, _STATES).to_pylist()
    state_of = {state["series"]: state for state in states}
    numbers = bars.column("series").to_numpy()
    splits = _splits(session, [due.symbol for due in marks])
    for number, due in enumerate(marks, start=1):
        first, last = np.searchsorted(numbers, [number, number + 1])
        mine = bars.slice(first, last - first)
        yield _derived(due, mine, splits.get(due.symbol, {}), state_of.get(number, {}), most_bars)


def _read(
    session: Session, statement: str, parameters: Sequence[object], schema: pa.Schema
) -> pa.Table:
    text = session.copy_out(statement, parameters)
    if not text:
        return schema.empty_table()
    return csv.read_csv(
        io.BytesIO(text),
        # Threads of Arrow's would keep the low priority that this is done at.
        read_options=csv.ReadOptions(column_names=schema.names, use_threads=False),
        convert_options=csv.ConvertOptions(
            column_types=schema, true_values=["t"], false_values=["f"]
        ),
    )


def _splits(session: Session, symbols: Sequence[str]) -> dict[str, dict[date, Fraction]]:
    """Return what prices before a day are divided by, by symbol and day."""
    found: dict[str, dict[date, Fraction]] = {}
    for symbol, day, numerator, denominator in session.fetch(statements.SPLITS, (symbols,)):
        found.setdefault(symbol, {})[day] = Fraction(numerator) / Fraction(denominator)
    return found


def _derived(
    due: _Due,
    bars: pa.Table,
    splits: Mapping[date, Fraction],
    state: Mapping[str, Any],
    most_bars: int,
) -> _Computed:
    skipped = len(bars) - (pc.sum(bars.column("is_due")).as_py() or 0)
    before = None
    if skipped == LOOKBACK:
        if state.get("bar_time") != bars.column("bar_time")[skipped - 1].as_py():
            return _Computed(replace(due, from_time=_EVER), None)
        before = Before(skipped, {name: _float(state[name]) for name in STATE})
    columns = derive_across(_as_bars(bars), _between(bars, splits), before)
    # With fewer bars before them, these are all bars of the series up to here.
    fresh = bars.slice(skipped if before else 0)
    size = len(fresh)
    names = {"symbol": due.symbol, "interval": due.interval}
    rows = pa.table(
        {
            **{name: pa.repeat(value, size) for name, value in names.items()},
            "bar_time": fresh.column("bar_time"),
            "session_date": fresh.column("session_date"),
            **{name: pa.array(columns[name], from_pandas=True) for name in COLUMNS},
        }
    )
    return _Computed(due, rows, filled=len(bars) - skipped == most_bars)


def _between(bars: pa.Table, splits: Mapping[date, Fraction]) -> list[Split]:
    """Return the splits between these bars that are missing in the prices before. Bars that were
    adjusted for dividends as well are left as they are."""
    sessions, shares = (bars.column(name).to_numpy() for name in ("session_date", "shares_date"))
    ratios: dict[int, Fraction] = {}
    for day, ratio in splits.items():
        first = int(np.searchsorted(sessions, np.datetime64(day)))
        if 0 < first < len(bars) and shares[first - 1] < np.datetime64(day):
            ratios[first] = ratios.get(first, Fraction(1)) * ratio
    return [Split(*item) for item in ratios.items()]


def _float(value: float | None) -> float:
    # What the bars of a session without a volume add up to is not known.
    return math.nan if value is None else value


def _as_bars(bars: pa.Table) -> Bars:
    high, low, close, volume = (bars.column(name).to_numpy() for name in _VALUES)
    session = bars.column("session_date").cast(pa.int32()).to_numpy()
    return Bars(high, low, close, volume, session)


def _store(session: Session, computed: Sequence[_Computed]) -> dict[Series, tuple[int, datetime]]:
    tables = [item.rows for item in computed if item.rows is not None]
    if not tables:
        return {}
    buffer = io.BytesIO()
    csv.write_csv(pa.concat_tables(tables), buffer, csv.WriteOptions(include_header=False))
    session.copy_in(statements.STAGE, (buffer.getbuffer(),))
    return {(row[0], row[1]): (row[2], row[3]) for row in session.fetch(statements.MERGE)}


def _rest(item: _Computed, done: Mapping[Series, tuple[int, datetime]]) -> _Due | None:
    """What of a series is still due: nothing if its end is reached, or if nothing that could
    change the next bar has changed."""
    due = item.due
    if item.rows is None:
        return due
    if not item.filled:
        return None
    times = item.rows.column("bar_time")
    last = times[-1].as_py()
    _, written = done.get((due.symbol, due.interval), (0, None))
    settled = len(times) > LOOKBACK and times[-LOOKBACK - 1].as_py() >= due.until_time
    if settled and written != last:
        return None
    following = last + _INSTANT
    return replace(due, from_time=following, until_time=max(following, due.until_time))
