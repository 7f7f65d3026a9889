"""How often a rule would have fired: in parts, thinned as the rule says, cut off in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

from services.alerts.api_requests.back_count import (
    COUNT_SECONDS,
    SHOWN,
    BackCount,
    back_count,
    in_time,
)
from services.alerts.evaluation.evaluator import Window
from services.alerts.evaluation.open_hours import with_quiet
from services.alerts.evaluation.series import Span
from services.alerts.rules.conditions import Condition, Crosses, Lies
from services.alerts.rules.no_data import NoData
from tests.unit.alerts.bars import active, at, bar
from tests.unit.alerts.evaluation.memory import Memory


@dataclass
class Parts:
    """Bars of a memory, a few at a time."""

    memory: Memory = field(default_factory=lambda: Memory(most=3))
    reads: int = 0

    def windows(self, spans: Sequence[Span], most: int) -> list[Window]:
        self.reads += 1
        return self.memory.windows(spans, most)


def counted(
    condition: Condition,
    closes: dict[str, list[float]],
    span: tuple[int, int] = (0, 90),
    goes_on: Callable[[], bool] = lambda: True,
    frequency: str = "each",
    cool_down: float = 0.0,
) -> tuple[BackCount, Parts]:
    parts = Parts()
    for symbol, prices in closes.items():
        parts.memory.bars[symbol] = {
            at(minute): bar(minute, close) for minute, close in enumerate(prices)
        }
    rule = active(condition, frequency=frequency, cool_down=cool_down).rule
    found = back_count(rule, sorted(closes), (at(span[0]), at(span[1])), parts, goes_on)
    return found, parts


UP = Crosses("close", 3.0, "up")
CLOSES = [2.0, 4, 2, 4, 4, 2, 4, 2, 2, 4]


def test_it_is_counted_over_parts_as_over_the_whole() -> None:
    found, parts = counted(UP, {"AAPL": CLOSES, "MSFT": [2.0, 2.0]})
    assert parts.reads == 4 + 1
    assert found.answer() | {"newest": None} == {
        "alerts": 4,
        "held_back": 0,
        "bars": 12,
        "symbols": 2,
        "is_complete": True,
        "by_symbol": [{"symbol": "AAPL", "alerts": 4}],
        "newest": None,
    }
    assert found.answer()["newest"][0] == {
        "symbol": "AAPL",
        "bar_time": "2026-11-16T14:39:00Z",
        "session_date": "2026-11-17",
        "text": "close 4 came to lie above 3",
    }


def test_bars_before_the_span_are_looked_back_on_alone() -> None:
    found, _ = counted(UP, {"AAPL": CLOSES}, (3, 9))
    assert [event.bar_time for event in found.newest] == [at(3), at(6)]
    assert found.bars == 6


def test_frequency_and_cool_down_hold_across_parts() -> None:
    found, _ = counted(UP, {"AAPL": CLOSES}, frequency="once")
    assert (found.alerts, found.held_back) == (1, 3)
    found, _ = counted(UP, {"AAPL": CLOSES}, frequency="session")
    assert [event.bar_time for event in found.newest] == [at(1), at(6)]
    found, _ = counted(UP, {"AAPL": CLOSES}, cool_down=240.0)
    assert [event.bar_time for event in found.newest] == [at(1), at(6)]


def test_a_silence_is_counted_at_the_seams_of_parts_too() -> None:
    parts = Parts()
    parts.memory.present = at(30)
    minutes = (1, 2, 3, 8, 9, 10, 11)
    stored = [bar(minute, 4) for minute in minutes]
    parts.memory.bars["AAPL"] = {one.time: one for one in stored}
    rule = active(NoData(120.0)).rule
    found = back_count(rule, ["AAPL"], (at(0), at(90)), parts, lambda: True)
    quiet = with_quiet(stored, "1min", parts.memory.hours)
    wanted = [one.time for one in quiet if (one.quiet_seconds or 0.0) >= 120]
    assert [event.bar_time for event in found.newest] == wanted == [at(3), at(11)]


def test_it_ends_when_its_time_is_up_and_says_so() -> None:
    chances = iter([True, True, False])
    found, parts = counted(UP, {"AAPL": CLOSES, "MSFT": CLOSES}, goes_on=lambda: next(chances))
    assert parts.reads == 2
    assert found.answer() == {
        "alerts": 0,
        "held_back": 0,
        "bars": 0,
        "symbols": 0,
        "is_complete": False,
        "by_symbol": [],
        "newest": [],
    }
    chances = iter([True] * 4 + [False])
    found, _ = counted(UP, {"AAPL": CLOSES, "MSFT": CLOSES}, goes_on=lambda: next(chances))
    assert (found.symbols, found.alerts, found.is_complete) == (1, 4, False)


def test_a_count_may_take_twenty_seconds() -> None:
    now = [100.0]
    stopping = Event()
    goes_on = in_time(stopping, lambda: now[0])
    now[0] += COUNT_SECONDS - 0.001
    assert goes_on()
    now[0] += 0.001
    assert not goes_on()
    now[0] -= 10
    assert goes_on()
    stopping.set()
    assert not goes_on()


def test_only_some_alerts_are_named() -> None:
    many = {"AAPL": [4.0] * (SHOWN + 10)}
    found, _ = counted(Lies("close", "above", 3.0), many)
    assert found.alerts == SHOWN + 10
    newest: list[datetime] = [event.bar_time for event in found.newest]
    assert newest == [at(0) + timedelta(minutes=10 + n) for n in range(SHOWN)]
