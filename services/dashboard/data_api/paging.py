"""Keyset paging: what was asked for in, one SQL statement with its parameters out.

A page is found by the key of the last row before it, so that page 1,000 costs what page 1 costs
and rows that come in meanwhile neither repeat nor skip any.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from services.dashboard.data_api.dataset import Dataset, Kind

MOST_ROWS: Final = 50_000
_CURSOR_CHARACTERS: Final = 600
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class CursorError(ValueError):
    """A cursor is not one that this table gave out."""


@dataclass(frozen=True)
class Wanted:
    """What a page holds. None: not bounded by it; `since` is included, `until` is not."""

    limit: int
    today: datetime
    descending: bool = False
    symbols: tuple[str, ...] = ()
    interval: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None
    as_of: datetime | None = None
    exchanges: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    """SQL with its parameters; it gives one row more than the page has, if there are more."""

    text: str
    parameters: tuple[Any, ...]


def page_statement(dataset: Dataset, wanted: Wanted) -> Statement:
    """Return the statement of a page. Raises CursorError."""
    conditions: list[tuple[str, Any]] = []
    if wanted.symbols:
        conditions.append(("symbol = any(%s)", list(wanted.symbols)))
    if wanted.exchanges:
        conditions.append(("exchange = any(%s)", list(wanted.exchanges)))
    if wanted.interval is not None:
        conditions.append(("interval = %s", wanted.interval))
    since, until = bounds(dataset, wanted)
    if since is not None:
        conditions.append((f"{dataset.time} >= %s", since))
    if until is not None:
        conditions.append((f"{dataset.time} < %s", until))
    source, parameters = dataset.view, [value for _, value in conditions]
    if wanted.as_of is not None:
        source, parameters = f"{dataset.past}(%s)", [wanted.as_of, *parameters]
    terms = [term for term, _ in conditions]
    if wanted.cursor is not None:
        sign = "<" if wanted.descending else ">"
        places = ", ".join(f"%s::{dataset.kind(name).value}" for name in dataset.key)
        terms.append(f"({', '.join(dataset.key)}) {sign} ({places})")
        parameters += read_cursor(dataset, wanted.cursor)
    where = f" where {' and '.join(terms)}" if terms else ""
    way = " desc" if wanted.descending else ""
    order = ", ".join(f"{name}{way}" for name in dataset.key)
    columns = ", ".join(selected(dataset, wanted))
    text = f"select {columns} from {source}{where} order by {order} limit %s"
    return Statement(text, (*parameters, wanted.limit + 1))


def bounds(dataset: Dataset, wanted: Wanted) -> tuple[date | None, date | None]:
    """Return the first time that a page has and the first that it has no more."""
    since, until = wanted.since, wanted.until
    if dataset.days is not None:
        # The calendar reaches far into the future.
        midnight = wanted.today.replace(hour=0, minute=0, second=0, microsecond=0)
        until = until or midnight + timedelta(days=2)
        since = since or max(until, _EARLIEST) - timedelta(days=dataset.days)
    return _bound(dataset, since), _bound(dataset, until)


def _bound(dataset: Dataset, instant: datetime | None) -> date | None:
    """Return a bound in what the table has; a date is where its day begins."""
    if instant is None or dataset.time is None or dataset.kind(dataset.time) is not Kind.DAY:
        return instant
    day = instant.astimezone(UTC)
    begins = day.time() == time.min or day.date() == date.max
    return day.date() if begins else day.date() + timedelta(days=1)


def selected(dataset: Dataset, wanted: Wanted) -> list[str]:
    """Return the columns of a statement: those wanted, then what else the cursor is made of."""
    shown = [name for name, _ in dataset.showing(wanted.columns).columns]
    return shown + [name for name in dataset.key if name not in shown]


def write_cursor(dataset: Dataset, names: Sequence[str], row: Sequence[Any]) -> str:
    """Return the cursor of what follows this row of the columns named."""
    key = [_as_text(row[names.index(name)]) for name in dataset.key]
    text = json.dumps(key, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(dataset: Dataset, cursor: str) -> list[Any]:
    """Return the key that a cursor holds. Raises CursorError."""
    try:
        if len(cursor) > _CURSOR_CHARACTERS:
            raise ValueError(cursor)
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, b"-_", validate=True))
        if not isinstance(key, list) or [type(part) for part in key] != [str] * len(dataset.key):
            raise ValueError(cursor)
        return [
            _from_text(dataset.kind(name), part)
            for name, part in zip(dataset.key, key, strict=True)
        ]
    except (ValueError, binascii.Error, RecursionError):
        raise CursorError(
            f"cursor is not one that /api/{dataset.name} gave out; begin again without it"
        ) from None


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _from_text(kind: Kind, text: str) -> Any:
    if kind is Kind.INSTANT:
        instant = datetime.fromisoformat(text)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    if kind in (Kind.UTC, Kind.LOCAL):
        return datetime.fromisoformat(text).replace(tzinfo=None)
    if kind is Kind.DAY:
        return date.fromisoformat(text)
    if kind is Kind.WHOLE:
        number = int(text)
        if not -(2**63) <= number < 2**63:
            raise ValueError(text)
        return number
    if "\0" in text:
        raise ValueError(text)
    return text
