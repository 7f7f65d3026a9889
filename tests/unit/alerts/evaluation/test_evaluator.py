"""Rules over bars in any order, late, repeated, corrected, with restarts: the events are those that
an evaluation from scratch finds, and those who are told believe just that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.alerts.evaluation.evaluator import (
    Since,
    Window,
    evaluate,
    from_scratch,
)
from services.alerts.evaluation.events import FIRED, Change, Event
from services.alerts.evaluation.messages import message_id
from services.alerts.evaluation.series import RuleIndex, Span, Work
from services.alerts.rules.bars import Bar
from services.alerts.rules.conditions import Change as Moved
from services.alerts.rules.conditions import Crosses, Gap, Lies, Volume
from services.alerts.rules.model import ActiveRule
from tests.unit.alerts.bars import active, at, bar

SYMBOLS = ("AAPL", "MSFT")
MINUTES = 16
FAR = datetime(9999, 12, 30, tzinfo=UTC)


@dataclass
class Memory:
    """What the database holds: bars, how far indicators are behind, and events."""

    most: int = 5
    bars: dict[str, dict[datetime, Bar]] = field(
        default_factory=lambda: {one: {} for one in SYMBOLS}
    )
    unsettled: dict[str, datetime] = field(default_factory=dict)
    kept: dict[tuple[int, str, datetime], Event] = field(default_factory=dict)
    messages: list[tuple[str, str]] = field(default_factory=list)

    def windows(self, spans: Sequence[Span], most: int) -> list[Window]:
        assert most > self.most
        return [self._window(span) for span in spans]

    def _window(self, span: Span) -> Window:
        bars = sorted(self.bars[span.symbol].values())
        if not span.of_indicators:
            bars = [one._replace(indicators=None) for one in bars]
        own = [one for one in bars if span.from_time <= one.time <= span.until_time]
        before = [one for one in bars if one.time < span.from_time][-span.lookback :]
        after = [one for one in bars if one.time > span.until_time][: span.lookback]
        unsettled = self.unsettled.get(span.symbol)
        if len(own) > self.most:
            return Window([*before, *own[: self.most]], unsettled, True)
        return Window([*before, *own, *after], unsettled)

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


CONDITIONS = st.one_of(
    st.builds(
        Crosses, st.just("close"), st.integers(2, 4), st.sampled_from(["up", "down", "either"])
    ),
    st.builds(Crosses, st.just("close"), st.just("sma_20"), st.sampled_from(["up", "either"])),
    st.builds(Lies, st.just("rsi_14"), st.sampled_from(["above", "below"]), st.integers(2, 4)),
    st.builds(Moved, st.sampled_from([25, 50]), st.integers(1, 4)),
    st.builds(Volume, st.sampled_from([1, 2]), st.integers(1, 4)),
    st.builds(Gap, st.just(25)),
)
RULES = st.lists(
    st.tuples(
        CONDITIONS,
        st.sampled_from([None, ("AAPL",), SYMBOLS]),
        st.sampled_from(["each", "session", "once"]),
        st.sampled_from([0.0, 0.0, 120.0, 400.0]),
        st.integers(0, 6),
    ),
    min_size=1,
    max_size=5,
)


class AnyOrder(RuleBasedStateMachine):
    """Writes bars and lets rules be evaluated, in any order and in parts of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Memory()
        self.work: list[Work] = []
        self.in_force: list[ActiveRule] = []

    @initialize(rules=RULES)
    def begin(self, rules: list[tuple[Crosses, tuple[str, ...] | None, str, float, int]]) -> None:
        self.in_force = [
            active(
                condition, number, at(since), symbols=symbols, frequency=often, cool_down=cool_down
            )
            for number, (condition, symbols, often, cool_down, since) in enumerate(rules)
        ]

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        bars=st.lists(
            st.tuples(st.integers(0, MINUTES), st.integers(1, 5), st.integers(1, 3)),
            min_size=1,
            max_size=6,
        ),
    )
    def write(self, symbol: str, bars: list[tuple[int, int, int]]) -> None:
        """Store bars, new ones and corrections; their indicators come later."""
        kept = self.store.bars[symbol]
        for minute, close, volume in bars:
            before = kept.get(at(minute))
            indicators = before.indicators if before else None
            kept[at(minute)] = bar(minute, close, volume=100.0 * volume)._replace(
                indicators=indicators
            )
        times = [at(minute) for minute, _, _ in bars]
        self.work.append(Work(symbol, "1min", False, min(times), max(times)))
        behind = self.store.unsettled.get(symbol, FAR)
        self.store.unsettled[symbol] = min(behind, *times)

    @rule(symbol=st.sampled_from(SYMBOLS))
    def derive(self, symbol: str) -> None:
        """Compute the indicators of all bars anew."""
        since = self.store.unsettled.pop(symbol, None)
        if since is None:
            return
        bars = self.store.bars[symbol]
        closes: list[float] = []
        for time in sorted(bars):
            closes.append(bars[time].close)
            mean = sum(closes[-3:]) / len(closes[-3:])
            values = {"sma_20": mean, "rsi_14": 6 - mean}
            bars[time] = bars[time]._replace(indicators=values)
        self.work.append(Work(symbol, "1min", True, since, FAR))

    @rule(count=st.integers(1, 4), newest=st.booleans())
    def look(self, count: int, newest: bool) -> None:
        """Evaluate some of what is to be looked at; what the service knew before is forgotten."""
        if newest:
            self.work.reverse()
        taken, self.work = self.work[:count], self.work[count:]
        changes, rest = evaluate(RuleIndex(self.in_force), taken, self.store)
        self.store.apply(changes)
        self.work += rest

    @rule()
    def look_in_vain(self) -> None:
        """Evaluate, and die before the commit: nothing of it is kept."""
        evaluate(RuleIndex(self.in_force), list(self.work), self.store)

    @invariant()
    def nothing_is_told_twice(self) -> None:
        assert len({message for message, _ in self.store.messages}) == len(self.store.messages)

    def teardown(self) -> None:
        for symbol in SYMBOLS:
            self.derive(symbol)
        while self.work:
            self.look(4, False)
        found: dict[tuple[int, str, datetime], str] = {}
        for one in self.in_force:
            for symbol in one.rule.symbols or SYMBOLS:
                for event in from_scratch(one, symbol, sorted(self.store.bars[symbol].values())):
                    found[event.rule_id, symbol, event.bar_time] = event.state
        kept = {key: event for key, event in self.store.kept.items() if event.state != "retracted"}
        assert {key: event.state for key, event in kept.items()} == found
        for key, event in self.store.kept.items():
            assert event.is_told == (found.get(key) == FIRED)


AnyOrder.TestCase.settings = settings(max_examples=300, stateful_step_count=30)
TestAnyOrder = AnyOrder.TestCase


def test_a_bar_that_an_earlier_batch_overtook_is_late() -> None:
    store = Memory()
    index = RuleIndex([active(Lies("close", "above", 3.0))])
    for minute, moment in ((0, 0), (2, 2), (1, 9)):
        stamped = at(moment)
        store.bars["AAPL"][at(minute)] = bar(minute, 4)._replace(
            inserted_at=stamped, updated_at=stamped
        )
        work = Work("AAPL", "1min", False, at(minute), at(minute))
        store.apply(evaluate(index, [work], store)[0])
    late = {event.bar_time: event.is_late for event in store.kept.values()}
    assert late == {at(0): False, at(1): True, at(2): False}


def test_a_rule_looks_at_bars_that_end_after_it_was_added() -> None:
    bars = [bar(minute, 4) for minute in range(4)]
    since = at(2) + timedelta(seconds=30)
    found = from_scratch(active(Lies("close", "above", 3.0), since=since), "AAPL", bars)
    assert [event.bar_time for event in found] == [at(2), at(3)]
    assert from_scratch(active(Lies("close", "above", 3.0)), "AAPL", []) == []


def test_what_no_rule_looks_at_costs_nothing() -> None:
    index = RuleIndex([active(Lies("close", "above", 3.0), symbols=("AAPL",))])
    works = [
        Work("MSFT", "1min", False, at(0), at(1)),
        Work("AAPL", "5min", False, at(0), at(1)),
        Work("AAPL", "1min", False, at(-90), at(-80)),
    ]
    assert index.spans(works) == []
    assert evaluate(index, works, Memory()) == ([], [])
    assert index.watched() == [("AAPL", "1min")]


def test_events_of_a_restored_database_have_their_ids_again() -> None:
    one = active(Lies("close", "above", 3.0), 1)
    other = replace(one, rule_id=7)
    bars = [bar(minute, 4) for minute in range(2)]
    ids = []
    for rule_in_force in (one, other):
        store = Memory(bars={"AAPL": {each.time: each for each in bars}, "MSFT": {}})
        work = Work("AAPL", "1min", False, at(0), at(1))
        changes, _ = evaluate(RuleIndex([rule_in_force]), [work], store)
        ids.append([message_id(change) for change in changes])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2
