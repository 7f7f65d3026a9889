"""When a bar of a file starts: a cell in, its place in UTC or its date out, or the reason why not.

Pure. A clock that shows an hour twice, or none, is no instant: such a row is refused rather than
put into one of the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.common.market.bar import INTERVAL_MINUTES
from services.stream.files.layout import Layout, TimeForm

_YEAR_FIRST = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|(\d{2})(\d{2}))")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_CLOCK = re.compile(r"(\d{2}|\d(?=:)):?(\d{2})(?::?(\d{2})(?:\.0{1,9})?)?")
_WRITTEN = re.compile(r"([\d/.\-]{8,10})(?:[ T]+([\d:.]+)\s*(Z|UTC|(?:GMT)?[+-]\d{2}:?\d{2})?)?")
_COMPACT = re.compile(
    r"((?:19[7-9]|20[0-3])\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
    r"((?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)"
)
"""A date and a clock in twelve or fourteen digits. As milliseconds they would be in a few months of
1976, or after 2500."""
_COUNT = re.compile(r"\d{1,19}")
_YEARS = range(1971, 2038)
"""Of other years not every program's zones agree, nor does the sink take them from a file."""
_LOCAL_YEARS = range(_YEARS.start - 1, _YEARS.stop + 1)
"""The years that those begin and end in on some clock."""
_MOST_KEPT = 100_000


class TimeError(ValueError):
    """A time that is no bar's; the message is the code of the rejection."""


@dataclass(frozen=True)
class Start:
    """When a bar starts: `YYYY-MM-DD HH:MM:SS` in UTC or, of a day, its date; and when it begins
    and ends."""

    text: str
    begins: datetime
    until: datetime


@dataclass
class StartReader:
    """Reads the time cells of one file, of which many are alike."""

    layout: Layout
    _known: dict[tuple[str, str, date | None], Start | str] = field(default_factory=dict)

    def read(self, text: str, interval: str, named_day: date | None) -> Start:
        """Return when a bar starts; `named_day` is the one in the file's name. Raises TimeError."""
        key = (text, interval, named_day)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            try:
                found = _start(self.layout, text, interval, named_day)
            except TimeError as error:
                found = str(error)
            self._known[key] = found
        if isinstance(found, str):
            raise TimeError(found)
        return found


def ticks_per_second(text: str) -> int | None:
    """Return the unit of a count since 1970 as ticks a second, by its magnitude; None: no count,
    but perhaps a date and a clock in digits."""
    if not _COUNT.fullmatch(text) or _COMPACT.fullmatch(text):
        return None
    return _ticks(int(text))


def _ticks(count: int) -> int:
    limits = ((10**11, 1), (10**14, 10**3), (10**17, 10**6))
    return next((ticks for limit, ticks in limits if count < limit), 10**9)


@lru_cache(maxsize=10_000)
def written_date(text: str, order: str) -> date:
    """Return a written date; `order` is ymd, dmy or mdy. Raises TimeError."""
    try:
        if match := _YEAR_FIRST.fullmatch(text):
            return date(int(match[1]), int(match[3] or match[5]), int(match[4] or match[6]))
        if (match := _YEAR_LAST.fullmatch(text)) and order != "ymd":
            first, second = int(match[1]), int(match[3])
            day, month = (first, second) if order == "dmy" else (second, first)
            return date(int(match[4]), month, day)
    except ValueError:  # such as the 30th of February
        raise TimeError("bad_exchange_time") from None
    raise TimeError("bad_exchange_time")


def written_parts(text: str) -> tuple[str, str | None, str | None] | None:
    """Return the date, the clock and the offset of a written time; None if it is none."""
    if compact := _COMPACT.fullmatch(text):
        return compact[1], compact[2], None
    match = _WRITTEN.fullmatch(text.strip())
    return None if match is None else (match[1], match[2], match[3])


def _start(layout: Layout, text: str, interval: str, named_day: date | None) -> Start:
    if layout.time_form is TimeForm.EPOCH:
        moment: datetime | date = _counted(layout, text, interval)
    elif layout.time_form is TimeForm.MIDNIGHT_MS:
        moment = _since_midnight(layout, text, interval, named_day)
    else:
        moment = _written(layout, text, interval)
    if not isinstance(moment, datetime):
        day = datetime.combine(_in_years(moment), time(), UTC)
        return Start(moment.isoformat(), day, day + _DAY)
    minutes = timedelta(minutes=INTERVAL_MINUTES[interval])
    start = moment - minutes if layout.label == "end" else moment
    # Bars of an hour may be counted from an opening, which is at a quarter of an hour at least.
    width = min(15, INTERVAL_MINUTES[interval])
    if start.minute % width or start.second or start.microsecond:
        raise TimeError("unaligned_time")
    _in_years(start.date())
    return Start(f"{start:%Y-%m-%d %H:%M:%S}", start, start + minutes)


_DAY = timedelta(days=2)
"""A day is over everywhere two days after it begins in UTC."""


def _in_years(day: date) -> date:
    if day.year not in _YEARS:
        raise TimeError("time_out_of_range")
    return day


def _in_local_years(day: date) -> date:
    # Some write 0001-01-01 or 9999-12-31 for no date, which no zone can move.
    if day.year not in _LOCAL_YEARS:
        raise TimeError("time_out_of_range")
    return day


def _counted(layout: Layout, text: str, interval: str) -> datetime | date:
    if not _COUNT.fullmatch(text):
        raise TimeError("bad_exchange_time")
    if _ticks(int(text)) != layout.ticks_per_second:
        raise TimeError("mixed_time_units")
    seconds, rest = divmod(int(text), layout.ticks_per_second)
    if rest:
        raise TimeError("unaligned_time")
    moment = datetime.fromtimestamp(seconds, UTC)
    return (
        moment.astimezone(ZoneInfo(layout.day_zone or "UTC")).date() if interval == "1d" else moment
    )


def _since_midnight(layout: Layout, text: str, interval: str, day: date | None) -> datetime | date:
    if not _COUNT.fullmatch(text) or day is None or int(text) >= 86_400_000:
        raise TimeError("bad_exchange_time")
    local_day = _in_local_years(day)
    if interval == "1d":
        return local_day
    clock = datetime.combine(local_day, time()) + timedelta(milliseconds=int(text))
    return _instant(clock, layout.zone or "UTC")


def _written(layout: Layout, text: str, interval: str) -> datetime | date:
    parts = written_parts(text)
    if parts is None:
        raise TimeError("bad_exchange_time")
    day = written_date(parts[0], layout.date_order or "ymd")
    if interval == "1d":
        return day
    clock, offset = _clock(parts[1], parts[2])
    moment = datetime.combine(_in_local_years(day), clock)
    if offset is not None:
        return moment.replace(tzinfo=offset).astimezone(UTC)
    if layout.has_offset:
        raise TimeError("bad_timezone")
    return _instant(moment, layout.zone or "UTC")


def written_clock(text: str) -> tuple[time, timezone | None]:
    """Return the clock, and the offset if there is one, of what stands behind a date. Raises
    TimeError."""
    parts = written_parts(f"2000-01-01{text}")
    if parts is None or parts[0] != "2000-01-01":
        raise TimeError("bad_exchange_time")
    return _clock(parts[1], parts[2])


def _clock(text: str | None, offset: str | None) -> tuple[time, timezone | None]:
    match = _CLOCK.fullmatch(text or "")
    if match is None:
        raise TimeError("bad_exchange_time")
    try:
        clock = time(int(match[1]), int(match[2]), int(match[3] or 0))
        return clock, None if offset is None else _offset(offset)
    except ValueError:
        raise TimeError("bad_exchange_time") from None


def _offset(text: str) -> timezone:
    digits = text.removeprefix("GMT").replace(":", "")
    if digits in ("Z", "UTC"):
        return UTC
    away = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return timezone(-away if digits[0] == "-" else away)


def _instant(clock: datetime, zone: str) -> datetime:
    """Return what a wall clock means in UTC. Raises TimeError if that is no one instant."""
    there = clock.replace(tzinfo=ZoneInfo(zone))
    moment = there.astimezone(UTC)
    if moment.astimezone(there.tzinfo).replace(tzinfo=None) != clock:
        raise TimeError("nonexistent_time")
    if there.utcoffset() != there.replace(fold=1).utcoffset():
        raise TimeError("ambiguous_time")
    return moment
