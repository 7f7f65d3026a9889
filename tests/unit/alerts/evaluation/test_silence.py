"""For how long a market was open without a bar, and what is told of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.alerts.evaluation.evaluator import evaluate, from_scratch
from services.alerts.evaluation.events import FIRED, RETRACTED
from services.alerts.evaluation.open_hours import OpenHours, Session, with_quiet
from services.alerts.evaluation.series import RuleIndex, Work
from services.alerts.evaluation.silence_watch import Newest, SilenceWatch
from services.alerts.rules.conditions import Lies
from services.alerts.rules.no_data import NoData
from tests.unit.alerts.bars import DAY, active, at, bar
from tests.unit.alerts.evaluation.memory import Memory

# Of the memory: open from 1 to 13 with a break from 5 to 7, and from 15 to 25.
SILENT = active(NoData(120.0))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [
        (0, 1, 0),
        (0, 3, 2),
        (4, 8, 2),
        (5, 7, 0),
        (6, 30, 16),
        (13, 15, 0),
        (12, 16, 2),
        (25, 90, 0),
        (9, 9, 0),
    ],
)
def test_open_hours(since: int, until: int, minutes: int) -> None:
    assert Memory().hours.seconds(at(since), at(until)) == 60 * minutes


DAILY = [
    Session(date(2026, 11, day), utc(f"2026-11-{day} 14:30"), utc(f"2026-11-{day} 21:00"))
    for day in (19, 20, 23, 24, 25)
]


@pytest.mark.parametrize(
    ("bars", "present", "hours"),
    [
        # A day's bar begins on the evening before, which may be that of a Friday.
        ([("2026-11-20 01:00", 20), ("2026-11-21 01:00", 23)], "2026-11-24 00:00", [0.0, 0.0]),
        ([("2026-11-20 01:00", 20), ("2026-11-24 01:00", 24)], "2026-11-25 00:00", [6.5, 0.0]),
        # The bar of the 23rd may be there a day later.
        ([("2026-11-20 01:00", 20)], "2026-11-24 14:30", [0.0]),
        ([("2026-11-20 01:00", 20)], "2026-11-24 15:30", [1.0]),
        # A session that the calendar does not know.
        ([("2026-11-21 01:00", 21), ("2026-11-24 01:00", 24)], "2026-11-25 00:00", [6.5, 0.0]),
    ],
)
def test_days(bars: list[tuple[str, int]], present: str, hours: list[float]) -> None:
    stored = [bar(0, 1)._replace(time=utc(time), session=date(2026, 11, day)) for time, day in bars]
    found = with_quiet(stored, "1d", OpenHours(DAILY, utc(present)))
    assert [(one.quiet_seconds or 0.0) / 3600 for one in found] == hours


def test_without_a_calendar_nobody_can_tell() -> None:
    found = with_quiet([bar(0, 1)], "1min", None)
    assert found == [bar(0, 1)]
    assert NoData(60.0).holds(found, 0) is None


def memory(*minutes: int, present: int) -> Memory:
    bars = {at(minute): bar(minute, 4) for minute in minutes}
    return Memory(bars={"AAPL": bars, "MSFT": {}}, present=at(present))


def looked_at(store: Memory, first: int, last: int) -> list[datetime]:
    """Evaluate from one minute to another; return the bars at which something is told."""
    works = [Work("AAPL", "1min", False, at(first), at(last))]
    told = []
    while works:
        changes, works = evaluate(RuleIndex([SILENT]), works, store)
        store.apply(changes)
        told += [change.after.bar_time for change in changes if change.after is not None]
    return told


def test_a_bar_is_the_last_one_only_if_none_follows() -> None:
    # Five bars are read at a time.
    assert looked_at(memory(*range(8, 16), present=30), 8, 15) == [at(15)]
    # Of those that follow what changed only some are read.
    assert looked_at(memory(*range(8, 16), present=30), 8, 8) == []


def test_a_silence_is_told_once_and_stays_a_gap() -> None:
    store = memory(8, 9, present=12)
    assert looked_at(store, 8, 9) == []  # the bar of 11 may still come
    store.present = at(13)
    assert looked_at(store, 9, 9) == [at(9)]
    store.present = at(20)
    assert looked_at(store, 9, 9) == []
    store.bars["AAPL"][at(19)] = bar(19, 4)
    assert looked_at(store, 19, 19) == []
    [event] = store.kept.values()
    assert (event.bar_time, event.state, event.figures) == (at(9), FIRED, {"quiet_minutes": 2.0})
    assert (
        SILENT.rule.condition.sentence(event.figures)
        == "no bar for 2 minutes of open hours after this one"
    )

    # What comes after all takes it back, and leaves a gap of its own.
    store.bars["AAPL"][at(10)] = bar(10, 4)
    assert sorted(looked_at(store, 10, 10)) == [at(9), at(10)]
    states = {event.bar_time: event.state for event in store.kept.values()}
    assert states == {at(9): RETRACTED, at(10): FIRED}


def test_a_rule_that_is_added_during_a_silence_tells_of_it() -> None:
    bars = [bar(minute, 4) for minute in (1, 8)]
    hours = OpenHours(Memory().hours.sessions, at(20))
    late = active(NoData(120.0), since=at(17))
    found = from_scratch(late, "AAPL", with_quiet(bars, "1min", hours))
    assert [event.bar_time for event in found] == [at(8)]


def test_series_are_looked_at_when_they_become_too_quiet() -> None:
    rules = [
        active(NoData(120.0), 1, symbols=("AAPL",)),
        active(NoData(240.0), 2),
        active(Lies("close", "above", 3.0), 3, symbols=("MSFT",)),
    ]
    watch = SilenceWatch(RuleIndex(rules))
    assert watch.watched == [("", "1min"), ("AAPL", "1min")]

    def works(present: int, last: int = 8) -> list[Work]:
        hours = OpenHours(Memory().hours.sessions, at(present))
        return watch.works([Newest("AAPL", "1min", at(last), DAY, hours)])

    once = [Work("AAPL", "1min", False, at(8), at(8))]
    assert works(11) == []
    assert works(12) == once
    assert works(13) == []
    assert works(16) == once
    assert works(60) == []
    assert works(60, last=20) == [Work("AAPL", "1min", False, at(20), at(20))]
    unknown = Newest("NONE.XX", "1min", at(1), DAY, None)
    assert watch.works([unknown]) == []
    assert SilenceWatch(RuleIndex(rules[2:])).watched == []
