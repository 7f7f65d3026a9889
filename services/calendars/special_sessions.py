"""What exchanges have announced and the calendar library does not have (yet): it takes precedence.

One entry per exchange and date, by its official notice. Without hours the exchange is closed; a
noon break within the hours is kept.
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
        date(2019, 7, 31),
        (time(9, 30), time(13, 55)),
        "HKEX: closed 15 minutes after typhoon signal No. 8 (Wipha), as its rules say",
        is_assumed=True,
    ),
    SpecialSession(
        "XHKG",
        date(2020, 8, 19),
        (time(13, 30), time(16)),
        "HKEX: trading resumes at 1:30 pm, typhoon signal No. 8 cancelled (Higos)",
    ),
    SpecialSession(
        "XHKG",
        date(2021, 6, 28),
        (time(13, 30), time(16)),
        "HKEX: trading resumes at 1:30 pm, black rainstorm warning cancelled",
    ),
    SpecialSession(
        "XHKG",
        date(2022, 8, 25),
        (time(13), time(16)),
        "HKEX: trading resumes at 1:00 pm, typhoon signal No. 8 cancelled (Ma-on)",
    ),
    SpecialSession(
        "XHKG",
        date(2022, 11, 2),
        (time(9, 30), time(13, 55)),
        "HKEX: closed 15 minutes after typhoon signal No. 8 (Nalgae), as its rules say",
        is_assumed=True,
    ),
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
        "XHKG",
        date(2023, 10, 9),
        (time(14), time(16)),
        "HKEX: trading begins at 2:00 pm, typhoon signal No. 8 (Koinu) cancelled",
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
