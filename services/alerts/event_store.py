"""What evaluation asks the database, and what it keeps there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.alerts import sql
from services.alerts.connection import Connection
from services.alerts.context_store import ContextStore
from services.alerts.evaluation import messages
from services.alerts.evaluation.evaluator import Since, Window
from services.alerts.evaluation.events import Change, Event, event_id
from services.alerts.evaluation.series import Span, Work, length
from services.alerts.rules.bars import INDICATORS, Bar
from services.common.advisory_locks import ADVISORY_CLASS, LOCK_ALERTS

_EVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_NEAR: Final = timedelta(days=14)


@dataclass(frozen=True)
class EventStore:
    """Every method raises DatabaseError."""

    connection: Connection

    def try_lead(self) -> bool:
        """Try to become the one instance that works, for as long as this connection lasts."""
        return bool(self.connection.rows(sql.TRY_LOCK, (ADVISORY_CLASS, LOCK_ALERTS))[0][0])

    def listen(self) -> None:
        """Be told of new work from now on."""
        for statement in sql.LISTEN:
            self.connection.run(statement)

    def take_work(self, most: int) -> list[Work]:
        """Return, and remove, what is to be looked at."""
        return [Work(*row) for row in self.connection.rows(sql.TAKE_WORK, (most,))]

    def waiting_work(self) -> int:
        """Return how many changes wait to be looked at."""
        return int(self.connection.rows(sql.WAITING_WORK)[0][0])

    def add_work(self, works: Sequence[Work]) -> None:
        """Put something back."""
        if works:
            self.connection.run_columns(sql.ADD_WORK, works)

    def windows(self, spans: Sequence[Span], most: int) -> list[Window]:
        """Return the bars of each span."""
        found: dict[int, Window] = {}
        near = {place: span.from_time - _far_enough(span) for place, span in enumerate(spans)}
        self._read_windows(spans, near, most, found)
        # After a long pause the bars before are further away.
        short = {
            place: _EVER
            for place, span in enumerate(spans)
            if sum(bar.time < span.from_time for bar in found[place].bars) < span.lookback
            and near[place] > _EVER
        }
        self._read_windows(spans, short, most, found)
        windows = [found[place] for place in range(len(spans))]
        return ContextStore(self.connection).beside(spans, windows)

    def _read_windows(
        self,
        spans: Sequence[Span],
        since: Mapping[int, datetime],
        most: int,
        found: dict[int, Window],
    ) -> None:
        groups: dict[tuple[str, bool], list[int]] = defaultdict(list)
        for place in since:
            groups[spans[place].basis, spans[place].of_indicators].append(place)
        for (basis, derived), places in groups.items():
            asked = [spans[place] for place in places]
            query = {
                "symbols": [span.symbol for span in asked],
                "intervals": [span.interval for span in asked],
                "from_times": [span.from_time for span in asked],
                "until_times": [span.until_time for span in asked],
                "since_times": [since[place] for place in places],
                "lookbacks": [span.lookback for span in asked],
                "most": most,
            }
            rows: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
            for number, *row in self.connection.rows(
                sql.windows(basis, with_indicators=derived), query
            ):
                rows[number].append(tuple(row))
            for number, place in enumerate(places, start=1):
                found[place] = _window(spans[place], rows[number], most)

    def events(self, spans: Sequence[tuple[Span, datetime]]) -> list[Event]:
        """Return the events of each span's series up to an instant."""
        columns = [
            [span.symbol for span, _ in spans],
            [span.interval for span, _ in spans],
            [span.from_time for span, _ in spans],
            [until for _, until in spans],
        ]
        return [Event(*row) for row in self.connection.rows(sql.EVENTS, columns)]

    def history(self, places: Sequence[Since]) -> list[Event]:
        """Return for each place the last event before it that fired, and all from it on."""
        columns = [list(column) for column in zip(*places, strict=True)]
        return [Event(*row) for row in self.connection.rows(sql.HISTORY, columns)]

    def apply(self, changes: Sequence[Change], at: datetime) -> int:
        """Keep what became of events, and add the messages that tell of it; return how many."""
        kept = [(one, one.after) for one in changes if one.after is not None]
        gone = [one.before for one in changes if one.after is None and one.before is not None]
        if kept:
            rows = [_event_row(change, event) for change, event in kept]
            self.connection.run(
                sql.KEEP_EVENTS, [list(column) for column in zip(*rows, strict=True)]
            )
        if gone:
            keys = [(event.rule_id, event.symbol, event.bar_time) for event in gone]
            self.connection.run(
                sql.REMOVE_EVENTS, [list(column) for column in zip(*keys, strict=True)]
            )
        told = [
            (
                messages.message_id(change),
                receiver,
                event_id(change.active, event.symbol, event.bar_time),
                event.messages,
                messages.body(change, at),
            )
            for change, event in kept
            if change.message is not None
            for receiver in change.active.rule.receivers
        ]
        if told:
            self.connection.run(
                sql.ADD_DELIVERIES, [list(column) for column in zip(*told, strict=True)]
            )
        return len(told)


def _far_enough(span: Span) -> timedelta:
    """Return how far back the bars before a span are, as a rule."""
    return min(_NEAR + 8 * span.lookback * length(span.interval), span.from_time - _EVER)


def _window(span: Span, rows: Sequence[tuple[Any, ...]], most: int) -> Window:
    bars = [_bar(row[1:], derived=span.of_indicators) for row in rows]
    own = [bar for bar in bars if span.from_time <= bar.time <= span.until_time]
    is_cut = len(own) > most
    if is_cut:
        bars = [bar for bar in bars if bar.time <= own[most - 1].time]
    return Window(bars, rows[0][0] if rows else None, is_cut)


def _bar(row: Sequence[Any], *, derived: bool) -> Bar:
    size = Bar._fields.index("indicators")
    values = dict(zip(INDICATORS, row[size:], strict=True)) if derived else None
    time, session, open_, high, low, close, volume, inserted_at, updated_at = row[:size]
    return Bar(
        time, session, open_, high, low, close, volume, inserted_at, updated_at, values
    )  # fmt: skip


def _event_row(change: Change, event: Event) -> tuple[object, ...]:
    return (
        event_id(change.active, event.symbol, event.bar_time),
        event.rule_id,
        event.symbol,
        event.interval,
        event.bar_time,
        event.session,
        event.state,
        json.dumps(dict(event.figures)),
        event.is_late,
        event.messages,
    )
