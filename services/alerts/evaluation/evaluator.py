"""Evaluates rules at the bars that changed: bars and known events in, changes of events out.

What a rule's events are is a function of the bars as they are now. So it does not matter in which
order bars came, how often one is looked at, or when the service last ended: what is found anew is
compared with what is kept, and only the difference is kept and told. Pure but for what it asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from services.alerts.evaluation.events import HELD_BACK, RETRACTED, Change, Event, settled
from services.alerts.evaluation.frequency import Hit, tells_each, told
from services.alerts.evaluation.series import (
    NEVER,
    RuleIndex,
    Span,
    Work,
    bars_beside,
    length,
)
from services.alerts.rules.bars import Bar
from services.alerts.rules.conditions import Figures
from services.alerts.rules.model import ActiveRule
from services.alerts.rules.no_data import looks_ahead

MOST_BARS: Final = 5_000
"""Of a span, at a time: the rest is put back to the queue."""
_AT_ONCE: Final = 10_000
"""Of all spans together: some MiB, and a tenth of a second; of each a few at least."""
_FEWEST: Final = 20
_INSTANT: Final = timedelta(microseconds=1)

Key = tuple[int, datetime]
"""Of an event of a symbol: rule and time of the bar."""


@dataclass(frozen=True)
class Window:
    """The bars of a span in the order of time. Indicators are not settled from `unsettled_from` on;
    `is_cut` says that the span goes on after the last bar."""

    bars: Sequence[Bar]
    unsettled_from: datetime | None = None
    is_cut: bool = False


class Since(NamedTuple):
    """A rule and a symbol, and the first bar at which something changed."""

    rule_id: int
    symbol: str
    time: datetime


class Store(Protocol):
    """What evaluation asks the database."""

    def windows(self, spans: Sequence[Span], most: int) -> Sequence[Window]:
        """Return the bars of each span."""

    def events(self, spans: Sequence[tuple[Span, datetime]]) -> Iterable[Event]:
        """Return the events of each span's series from its beginning up to an instant."""

    def history(self, places: Sequence[Since]) -> Iterable[Event]:
        """Return for each place the last event before it that fired, and all from it on."""


def evaluate(
    index: RuleIndex, works: Sequence[Work], store: Store
) -> tuple[list[Change], list[Work]]:
    """Return what becomes of the events, and what is left to be looked at."""
    spans = index.spans(works)
    if not spans:
        return [], []
    most = max(_FEWEST, min(MOST_BARS, _AT_ONCE // len(spans)))
    seen = [
        (_reaching_back(span, window, index.forgotten_until), window)
        for span, window in zip(spans, store.windows(spans, most), strict=True)
        if window.bars
    ]
    rest = [
        Work(
            span.symbol,
            span.interval,
            span.of_indicators,
            window.bars[-1].time + _INSTANT,
            span.until_time,
        )
        for span, window in seen
        if window.is_cut
    ]
    known: dict[tuple[str, str], dict[Key, Event]] = defaultdict(dict)
    for event in store.events([(span, window.bars[-1].time) for span, window in seen]):
        known[event.symbol, event.interval][event.rule_id, event.bar_time] = event
    differing = [
        (span, active, differences)
        for span, window in seen
        for active in span.rules
        if (differences := _differences(span, window, active, known[span.symbol, span.interval]))
    ]
    return list(_changes(differing, store)), rest


Differences = dict[datetime, tuple[Event | None, Event | None]]
"""By the time of the bar: the event that is kept, and the one that is found now."""


def _reaching_back(span: Span, window: Window, forgotten_until: datetime = NEVER) -> Span:
    """Return a span from the bar before it on, if a rule looks ahead: its bars follow that one."""
    before = [bar.time for bar in window.bars if forgotten_until <= bar.time < span.from_time]
    if not before or not any(looks_ahead(active.rule.condition) for active in span.rules):
        return span
    return replace(span, from_time=before[-1])


def _differences(
    span: Span, window: Window, active: ActiveRule, known: Mapping[Key, Event]
) -> Differences:
    found: Differences = {}
    for place in _places(span, window, active):
        bar = window.bars[place]
        before = known.get((active.rule_id, bar.time))
        figures = _figures(span, window, active, place)
        held = before is not None and before.state != RETRACTED
        if (figures is not None) == held:
            continue
        now = None
        if figures is not None:
            late = any(later.inserted_at < bar.updated_at for later in window.bars[place + 1 :])
            now = Event(
                active.rule_id, span.symbol, span.interval, bar.time, bar.session, HELD_BACK,
                figures, late, before.messages if before else 0,
            )  # fmt: skip
        found[bar.time] = (before, now)
    return found


def _begin(span: Span, active: ActiveRule) -> datetime:
    """Return when the first bar begins that a rule looks at: it ends after the rule was added."""
    return active.from_time - length(span.interval) + _INSTANT


def _figures(span: Span, window: Window, active: ActiveRule, place: int) -> Figures | None:
    condition, following = active.rule.condition, window.bars[place + 1 : place + 2]
    if looks_ahead(condition) and following and following[0].time < _begin(span, active):
        return None
    return condition.holds(window.bars, place)


def _places(span: Span, window: Window, active: ActiveRule) -> Iterator[int]:
    """Yield the places of the bars at which a rule is evaluated."""
    condition = active.rule.condition
    is_ahead = looks_ahead(condition)
    begin = span.from_time if is_ahead else max(span.from_time, _begin(span, active))
    end = window.unsettled_from if condition.needs_indicators else None
    # What follows a bar must be known: no bar depends on one that comes after the next.
    last = len(window.bars) - 1 - (is_ahead and window.is_cut)
    for place in range(last, -1, -1):
        time = window.bars[place].time
        if time < begin:
            return
        if is_ahead and time > span.until_time:
            continue
        if end is None or time < end:
            yield place


def _changes(
    differing: Sequence[tuple[Span, ActiveRule, Differences]], store: Store
) -> Iterator[Change]:
    places = [
        Since(active.rule_id, span.symbol, min(differences))
        for span, active, differences in differing
        if not tells_each(active.rule)
    ]
    history: dict[tuple[int, str], list[Event]] = defaultdict(list)
    for event in store.history(places) if places else ():
        history[event.rule_id, event.symbol].append(event)
    for span, active, differences in differing:
        if tells_each(active.rule):
            for before, now in differences.values():
                if change := settled(active, before, now, tell=True):
                    yield change
        else:
            yield from _thinned(active, differences, history[active.rule_id, span.symbol])


def _thinned(
    active: ActiveRule, differences: Differences, history: Iterable[Event]
) -> Iterator[Change]:
    since = min(differences)
    events = sorted(history, key=lambda event: event.bar_time)
    kept = {event.bar_time: event for event in events if event.bar_time >= since}
    before = [event for event in events if event.bar_time < since]
    found = {time: event for time, event in kept.items() if event.state != RETRACTED}
    for time, (was, now) in differences.items():
        found.pop(time, None)
        if was is not None:
            kept[time] = was
        if now is not None:
            found[time] = now
    last = Hit(before[-1].bar_time, before[-1].session) if before else None
    telling = told(active.rule, last, [Hit(time, found[time].session) for time in sorted(found)])
    for time in sorted(kept.keys() | found.keys()):
        now = found.get(time)
        if change := settled(active, kept.get(time), now, tell=time in telling):
            yield change


def held(active: ActiveRule, span: Span, window: Window) -> list[Event]:
    """Return an event for each bar of a span at which a rule's condition holds, in the order of
    time, whether or not it would be told."""
    differences = _differences(_reaching_back(span, window), window, active, {})
    return [now for _, (_, now) in sorted(differences.items()) if now is not None]


def thinned(active: ActiveRule, events: Sequence[Event]) -> list[Event]:
    """Return events, of which none is kept yet, as the rule's frequency and cool-down leave them;
    those held back are among them."""
    hits = [Hit(event.bar_time, event.session) for event in events]
    telling = told(active.rule, None, hits)
    changes = [settled(active, None, one, tell=one.bar_time in telling) for one in events]
    return [one.after for one in changes if one is not None and one.after is not None]


def from_scratch(active: ActiveRule, symbol: str, bars: Sequence[Bar]) -> list[Event]:
    """Return the events that a rule has over bars, those held back included."""
    if not bars:
        return []
    rule = active.rule
    span = Span(
        symbol, rule.interval, rule.basis, bars[0].time, bars[-1].time, bars_beside((active,)),
        True, (active,),
    )  # fmt: skip
    return thinned(active, held(active, span, Window(bars)))
