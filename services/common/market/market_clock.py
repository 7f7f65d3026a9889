"""The market's own clock: the real one, or one that replays the past faster than it went by.

A simulated market shares one clock between the simulator and the producer by giving both the
same `MARKET_CLOCK`, `START@ANCHOR*SPEED`: at the real instant ANCHOR the market stood at START,
and since then it moves SPEED times as fast, until it meets the present and follows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.common.settings import SettingError

_FORM = re.compile(r"(?P<start>[^@*]+)@(?P<anchor>[^@*]+)\*(?P<speed>\d+(\.\d+)?)")


def utc_now() -> datetime:
    """Return the real instant."""
    return datetime.now(tz=UTC)


@dataclass(frozen=True)
class MarketClock:
    """Tells the market's instant (UTC) from the real one. `start` None means the real clock."""

    start: datetime | None = None
    anchor: datetime | None = None
    speed: float = 1.0
    real_now: Callable[[], datetime] = utc_now

    def now(self) -> datetime:
        """Return the instant at which the market stands; never later than the real one."""
        present = self.real_now()
        if self.start is None or self.anchor is None:
            return present
        passed = present - self.anchor
        # Compared as numbers first: a fast clock that met the present long ago leaves the calendar.
        if passed.total_seconds() * self.speed >= (present - self.start).total_seconds():
            return present
        return self.start + passed * self.speed

    def __str__(self) -> str:
        if self.start is None or self.anchor is None:
            return "real"
        return f"{self.start.isoformat()}@{self.anchor.isoformat()}*{self.speed:g}"


def parse_market_clock(text: str, real_now: Callable[[], datetime] = utc_now) -> MarketClock:
    """Return the clock that `MARKET_CLOCK` describes: `real`, or `START@ANCHOR*SPEED` with two
    ISO 8601 instants that carry their offset. Raises SettingError."""
    if text == "real":
        return MarketClock(real_now=real_now)
    match = _FORM.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        start, anchor = (datetime.fromisoformat(match[part]) for part in ("start", "anchor"))
        if start.tzinfo is None or anchor.tzinfo is None or float(match["speed"]) <= 0:
            raise ValueError(text)
    except ValueError:
        raise SettingError(
            f"MARKET_CLOCK is {text!r}; it must be `real` or START@ANCHOR*SPEED, such as "
            "2026-11-16T14:30:00+00:00@2026-11-23T12:00:00+00:00*60"
        ) from None
    return MarketClock(
        start.astimezone(UTC), anchor.astimezone(UTC), float(match["speed"]), real_now
    )
