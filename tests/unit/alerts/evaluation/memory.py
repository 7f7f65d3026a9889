"""What the database does for the evaluator, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.alerts.evaluation.evaluator import Since, Window
from services.alerts.evaluation.events import FIRED, Change, Event
from services.alerts.evaluation.messages import message_id
from services.alerts.evaluation.open_hours import OpenHours, Session, with_quiet
from services.alerts.evaluation.series import Span
from services.alerts.rules.bars import Bar
from tests.unit.alerts.bars import DAY, START, at

SYMBOLS = ("AAPL", "MSFT")
FAR = datetime(9999, 12, 30, tzinfo=UTC)
SESSIONS = (
    Session(DAY, at(1), at(13), at(5), at(7)),
    Session(DAY + timedelta(days=1), at(15), at(25)),
)


@dataclass
class Memory:
    """What the database holds: bars, how far indicators are behind, events, and where the market
    stands."""

    most: int = 5
    bars: dict[str, dict[datetime, Bar]] = field(
        default_factory=lambda: {one: {} for one in SYMBOLS}
    )
    unsettled: dict[str, datetime] = field(default_factory=dict)
    kept: dict[tuple[int, str, datetime], Event] = field(default_factory=dict)
    messages: list[tuple[str, str]] = field(default_factory=list)
    present: datetime = START

    @property
    def hours(self) -> OpenHours:
        return OpenHours(SESSIONS, self.present)

    def windows(self, spans: Sequence[Span], most: int) -> list[Window]:
        assert most > self.most
        return [self._window(span) for span in spans]

    def _window(self, span: Span) -> Window:
        bars = sorted(self.bars[span.symbol].values(), key=lambda each: each.time)
        if not span.of_indicators:
            bars = [one._replace(indicators=None, anomalies=None) for one in bars]
        own = [one for one in bars if span.from_time <= one.time <= span.until_time]
        before = [one for one in bars if one.time < span.from_time][-span.lookback :]
        after = [one for one in bars if one.time > span.until_time][: span.lookback]
        unsettled = self.unsettled.get(span.symbol)
        is_cut = len(own) > self.most
        found = [*before, *own[: self.most]] if is_cut else [*before, *own, *after]
        return Window(with_quiet(found, span.interval, self.hours), unsettled, is_cut)

    def events(self, spans: Sequence[tuple[Span, datetime]]) -> list[Event]:
        return [
            event
            for span, until in spans
            for event in self.kept.values()
            if event.symbol == span.symbol and span.from_time <= event.bar_time <= until
        ]

    def history(self, places: Sequence[Since]) -> Iterable[Event]:
        for place in places:
            mine = sorted(
                (e for e in self.kept.values() if (e.rule_id, e.symbol) == place[:2]),
                key=lambda event: event.bar_time,
            )
            yield from [e for e in mine if e.bar_time < place.time and e.state == FIRED][-1:]
            yield from [e for e in mine if e.bar_time >= place.time]

    def apply(self, changes: Sequence[Change]) -> None:
        for change in changes:
            event = change.after or change.before
            assert event is not None
            key = event.rule_id, event.symbol, event.bar_time
            assert self.kept.get(key) == change.before
            if change.message is not None:
                self.messages.append((message_id(change), change.message))
            if change.after is None:
                del self.kept[key]
            else:
                self.kept[key] = change.after
