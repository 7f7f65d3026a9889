"""What exchanges have announced and the calendar library does not have (yet): it takes precedence.

One entry per exchange and date, by its official notice. Without hours the exchange is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Final


@dataclass(frozen=True)
class SpecialSession:
    """A date on which an exchange departs from its calendar. `calendar` is the library's name; the
    hours are on the exchange's clock, `is_assumed` says that they were not announced as such."""

    calendar: str
    day: date
    hours: tuple[time, time] | None
    source: str
    is_assumed: bool = False


SPECIAL_SESSIONS: Final = (
    SpecialSession(
        "XHKG",
        date(2023, 9, 1),
        None,
        "HKEX: no trading today, typhoon signal No. 8 (Saola)",
    ),
    SpecialSession(
        "XHKG",
        date(2023, 9, 8),
        None,
        "HKEX: no trading today, black rainstorm warning and extreme conditions",
    ),
    SpecialSession(
        "XBOM",
        date(2024, 11, 1),
        (time(18), time(19)),
        "BSE and NSE: Diwali Muhurat trading",
    ),
    SpecialSession(
        "XBOM",
        date(2025, 10, 21),
        (time(13, 45), time(14, 45)),
        "BSE and NSE: Diwali Muhurat trading",
    ),
    SpecialSession(
        "XBOM",
        date(2026, 2, 1),
        (time(9, 15), time(15, 30)),
        "BSE and NSE notices of 2026-01-16: Union Budget, live session on a Sunday",
    ),
    SpecialSession(
        "XBOM",
        date(2026, 11, 8),
        (time(18), time(19)),
        "Diwali Muhurat trading, one hour on a Sunday; the hour is an assumption",
        is_assumed=True,
    ),
)
