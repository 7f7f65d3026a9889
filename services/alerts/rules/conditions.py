"""The conditions of rules: bars up to one of them in, the figures that made it hold out. Pure.

"Came to lie above" is meant as in bi.signals: it lies above now, and did not at the bar before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from services.alerts.rules.bars import Bar

Figures = Mapping[str, float | str]
DIRECTIONS: Final = ("up", "down", "either")
RELATIONS: Final = ("crosses", "above", "below")


class Condition(Protocol):
    """What a rule asks of a bar."""

    @property
    def lookback(self) -> int:
        """How many bars before a bar it may depend on."""

    @property
    def needs_indicators(self) -> bool:
        """Whether it reads what is derived of a bar."""

    def holds(self, bars: Sequence[Bar], place: int) -> Figures | None:
        """Return the figures if it holds at a bar; None if it does not, or nobody can tell."""

    def sentence(self, figures: Figures) -> str:
        """Return what happened, for a person."""


@dataclass(frozen=True)
class Crosses:
    """A value comes to lie above (up) or below (down) a level or another value."""

    of: str
    than: float | str
    direction: str = "either"
    lookback: int = 1

    @property
    def needs_indicators(self) -> bool:
        return _is_derived(self.of) or _is_derived(self.than)

    def holds(self, bars: Sequence[Bar], place: int) -> Figures | None:
        if place < 1:
            return None
        before, now = (self._pair(bars[place - 1]), self._pair(bars[place]))
        if before is None or now is None:
            return None
        if before[0] <= before[1] and now[0] > now[1]:
            way = "up"
        elif before[0] >= before[1] and now[0] < now[1]:
            way = "down"
        else:
            return None
        if self.direction not in (way, "either"):
            return None
        return {"direction": way, "value": now[0], "before": before[0], "level": now[1]}

    def _pair(self, bar: Bar) -> tuple[float, float] | None:
        value = bar.value(self.of)
        than = bar.value(self.than) if isinstance(self.than, str) else self.than
        return None if value is None or than is None else (value, than)

    def sentence(self, figures: Figures) -> str:
        side = "above" if figures["direction"] == "up" else "below"
        level = f"{self.than} " if isinstance(self.than, str) else ""
        return (
            f"{self.of} {figures['value']:.10g} came to lie {side} {level}{figures['level']:.10g}"
        )


@dataclass(frozen=True)
class Lies:
    """A value lies above or below a level or another value."""

    of: str
    relation: str
    than: float | str
    lookback: int = 0

    @property
    def needs_indicators(self) -> bool:
        return _is_derived(self.of) or _is_derived(self.than)

    def holds(self, bars: Sequence[Bar], place: int) -> Figures | None:
        bar = bars[place]
        value = bar.value(self.of)
        than = bar.value(self.than) if isinstance(self.than, str) else self.than
        if value is None or than is None:
            return None
        is_there = value > than if self.relation == "above" else value < than
        return {"value": value, "level": than} if is_there else None

    def sentence(self, figures: Figures) -> str:
        level = f"{self.than} " if isinstance(self.than, str) else ""
        return (
            f"{self.of} {figures['value']:.10g} lies {self.relation} {level}{figures['level']:.10g}"
        )


@dataclass(frozen=True)
class Change:
    """The close against that of so many bars before, in percent."""

    percent: float
    bars: int
    direction: str = "either"
    needs_indicators: bool = False

    @property
    def lookback(self) -> int:
        return self.bars

    def holds(self, bars: Sequence[Bar], place: int) -> Figures | None:
        if place < self.bars:
            return None
        return _moved(bars[place - self.bars].close, bars[place].close, self)

    def sentence(self, figures: Figures) -> str:
        return (
            f"close moved {figures['percent']:+.3g} % in {self.bars} bars, from "
            f"{figures['before']:.10g} to {figures['value']:.10g}"
        )


@dataclass(frozen=True)
class ChangeOver:
    """The close against the one that was known so many seconds before, in percent: that of the
    newest bar that begins no later than that. It lies at most `lookback` bars before."""

    percent: float
    seconds: float
    lookback: int
    direction: str = "either"
    needs_indicators: bool = False

    def holds(self, bars: Sequence[Bar], place: int) -> Figures | None:
        wanted = bars[place].time - timedelta(seconds=self.seconds)
        for before in range(place - 1, max(0, place - self.lookback) - 1, -1):
            if bars[before].time <= wanted:
                return _moved(bars[before].close, bars[place].close, self)
        return None

    def sentence(self, figures: Figures) -> str:
        return (
            f"close moved {figures['percent']:+.3g} % in {duration(self.seconds)}, from "
            f"{figures['before']:.10g} to {figures['value']:.10g}"
        )


@dataclass(frozen=True)
class Gap:
    """The open of a session's first bar against the close before, in percent."""

    percent: float
    direction: str = "either"
    lookback: int = 1
    needs_indicators: bool = False

    def holds(self, bars: Sequence[Bar], place: int) -> Figures | None:
        if place < 1 or bars[place - 1].session == bars[place].session:
            return None
        return _moved(bars[place - 1].close, bars[place].open, self)

    def sentence(self, figures: Figures) -> str:
        return (
            f"opened {figures['percent']:+.3g} % from the close before, at "
            f"{figures['value']:.10g} after {figures['before']:.10g}"
        )


@dataclass(frozen=True)
class Volume:
    """The volume against the mean of so many bars before."""

    times_usual: float
    bars: int = 20
    needs_indicators: bool = False

    @property
    def lookback(self) -> int:
        return self.bars

    def holds(self, bars: Sequence[Bar], place: int) -> Figures | None:
        volume = bars[place].volume
        before = [bar.volume for bar in bars[max(0, place - self.bars) : place]]
        known = [one for one in before if one is not None]
        if volume is None or len(known) < self.bars:
            return None
        # Added up from the oldest on, so that it comes out the same wherever a window begins.
        usual = sum(known) / self.bars
        if usual <= 0 or volume < self.times_usual * usual:
            return None
        return {"value": volume, "usual": usual, "times": volume / usual}

    def sentence(self, figures: Figures) -> str:
        return (
            f"volume {figures['value']:.10g} is {figures['times']:.3g} times the mean of the "
            f"{self.bars} bars before"
        )


def duration(seconds: float) -> str:
    """Return a length of time as people write it."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


def _is_derived(name: float | str) -> bool:
    return isinstance(name, str) and name not in ("open", "high", "low", "close", "volume")


def _moved(before: float, now: float, wanted: Change | ChangeOver | Gap) -> Figures | None:
    if before <= 0:
        return None
    percent = 100 * (now - before) / before
    way = "up" if percent > 0 else "down"
    if abs(percent) < wanted.percent or wanted.direction not in (way, "either"):
        return None
    return {"direction": way, "percent": percent, "value": now, "before": before}
