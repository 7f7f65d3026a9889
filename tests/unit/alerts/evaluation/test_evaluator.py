"""What bars that changed are looked at again for, and what becomes of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from services.alerts.evaluation.evaluator import Window, evaluate, from_scratch
from services.alerts.evaluation.messages import message_id
from services.alerts.evaluation.series import RuleIndex, Span, Work
from services.alerts.rules.conditions import Lies
from services.alerts.rules.no_data import NoData
from tests.unit.alerts.bars import active, at, bar
from tests.unit.alerts.evaluation.memory import Memory


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


@dataclass
class Asked(Memory):
    """Has no bars, and keeps how many were asked for."""

    asked: list[int] = field(default_factory=list)

    def windows(self, spans: Sequence[Span], most: int) -> list[Window]:
        self.asked.append(most)
        return [Window([]) for _ in spans]


@pytest.mark.parametrize(("series", "most"), [(1, 5_000), (10, 1_000), (100, 100), (9_000, 20)])
def test_the_more_series_changed_the_fewer_bars_of_each_are_read(series: int, most: int) -> None:
    store = Asked()
    works = [Work(f"S{number}", "1min", False, at(0), at(9)) for number in range(series)]
    evaluate(RuleIndex([active(Lies("close", "above", 3.0))]), works, store)
    assert store.asked == [most]


def test_bars_whose_events_may_be_gone_are_looked_at_no_more() -> None:
    rules = [active(Lies("close", "above", 3.0), 1), active(NoData(60.0), 2)]
    store = Memory(
        bars={"AAPL": {at(minute): bar(minute, 4) for minute in (1, 8, 9)}, "MSFT": {}},
        present=at(12),
    )
    index = RuleIndex(rules, at(8))
    assert index.spans([Work("AAPL", "1min", False, at(0), at(7))]) == []
    changes, _ = evaluate(index, [Work("AAPL", "1min", False, at(0), at(9))], store)
    found = [(one.active.rule_id, one.after.bar_time) for one in changes if one.after is not None]
    assert sorted(found) == [(1, at(8)), (1, at(9)), (2, at(9))]


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
