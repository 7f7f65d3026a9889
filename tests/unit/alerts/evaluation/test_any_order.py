"""Rules over bars in any order, late, repeated, corrected, missing, with restarts: the events are
those that an evaluation from scratch finds, and those who are told believe just that."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.alerts.evaluation.evaluator import evaluate, from_scratch
from services.alerts.evaluation.events import FIRED
from services.alerts.evaluation.open_hours import with_quiet
from services.alerts.evaluation.series import RuleIndex, Work
from services.alerts.evaluation.silence_watch import Newest, SilenceWatch
from services.alerts.rules.anomalies import StandsOut
from services.alerts.rules.bars import Anomaly
from services.alerts.rules.conditions import (
    Change,
    ChangeOver,
    Condition,
    Crosses,
    Gap,
    Lies,
    Volume,
)
from services.alerts.rules.model import ActiveRule
from services.alerts.rules.no_data import NoData
from services.alerts.rules.patterns import Pattern
from tests.unit.alerts.bars import active, at, bar
from tests.unit.alerts.evaluation.memory import FAR, SYMBOLS, Memory

MINUTES = 16
CONDITIONS = st.one_of(
    st.builds(
        Crosses, st.just("close"), st.integers(2, 4), st.sampled_from(["up", "down", "either"])
    ),
    st.builds(Crosses, st.just("close"), st.just("sma_20"), st.sampled_from(["up", "either"])),
    st.builds(Lies, st.just("rsi_14"), st.sampled_from(["above", "below"]), st.integers(2, 4)),
    st.builds(Change, st.sampled_from([25, 50]), st.integers(1, 4)),
    st.builds(Volume, st.sampled_from([1, 2]), st.integers(1, 4)),
    st.builds(Gap, st.just(25)),
    # Two bars and a half back is as far as three.
    st.builds(ChangeOver, st.sampled_from([25, 50]), st.sampled_from([60, 150]), st.just(4)),
    st.builds(Pattern, st.sampled_from(["bullish_engulfing", "bearish_engulfing"])),
    st.builds(StandsOut, st.just("price"), st.integers(1, 3)),
    st.builds(NoData, st.sampled_from([60.0, 120.0, 300.0])),
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
        self.watch = SilenceWatch(RuleIndex())

    @initialize(rules=RULES)
    def begin(self, rules: list[tuple[Condition, tuple[str, ...] | None, str, float, int]]) -> None:
        self.in_force = [
            active(
                condition, number, at(since), symbols=symbols, frequency=often, cool_down=cool_down
            )
            for number, (condition, symbols, often, cool_down, since) in enumerate(rules)
        ]
        self.start_again()

    @rule()
    def start_again(self) -> None:
        """Start the service anew, which remembers nothing."""
        self.watch = SilenceWatch(RuleIndex(self.in_force))

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        bars=st.lists(
            st.tuples(
                st.integers(0, MINUTES), st.integers(1, 5), st.integers(1, 5), st.integers(1, 3)
            ),
            min_size=1,
            max_size=6,
        ),
    )
    def write(self, symbol: str, bars: list[tuple[int, int, int, int]]) -> None:
        """Store bars, new ones and corrections; their indicators come later."""
        kept = self.store.bars[symbol]
        for minute, opened, close, volume in bars:
            before = kept.get(at(minute))
            kept[at(minute)] = bar(minute, close, open=opened, volume=100.0 * volume)._replace(
                indicators=before.indicators if before else None,
                anomalies=before.anomalies if before else None,
            )
        times = [at(minute) for minute, *_ in bars]
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
            rank = min(3, round(abs(closes[-1] - mean)))
            found = {"price": Anomaly(rank, closes[-1], mean)} if rank else {}
            bars[time] = bars[time]._replace(indicators=values, anomalies=found)
        self.work.append(Work(symbol, "1min", True, since, FAR))

    @rule(minutes=st.integers(1, 5))
    def pass_time(self, minutes: int) -> None:
        """Let the market go on, though no bar may come."""
        self.store.present += timedelta(minutes=minutes)

    @rule()
    def listen(self) -> None:
        """Look for series that have become too quiet."""
        newest = [
            Newest(symbol, "1min", last, bars[last].session, self.store.hours)
            for symbol, bars in self.store.bars.items()
            if bars
            for last in [max(bars)]
        ]
        self.work += self.watch.works(newest)

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
        self.listen()
        while self.work:
            self.look(4, False)
        found: dict[tuple[int, str, datetime], str] = {}
        for one in self.in_force:
            for symbol in one.rule.symbols or SYMBOLS:
                bars = sorted(self.store.bars[symbol].values(), key=lambda each: each.time)
                for event in from_scratch(one, symbol, with_quiet(bars, "1min", self.store.hours)):
                    found[event.rule_id, symbol, event.bar_time] = event.state
        kept = {key: event for key, event in self.store.kept.items() if event.state != "retracted"}
        assert {key: event.state for key, event in kept.items()} == found
        for key, event in self.store.kept.items():
            assert event.is_told == (found.get(key) == FIRED)


AnyOrder.TestCase.settings = settings(max_examples=300, stateful_step_count=30)
TestAnyOrder = AnyOrder.TestCase
