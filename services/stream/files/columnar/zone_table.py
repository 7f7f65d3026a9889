"""Clocks of a zone, whole columns at a time: from UTC, and to it where a clock means one instant.

Pure. The offsets are those of `zoneinfo`, by which the row decoder goes: read once for each zone,
and kept as the moments at which they change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Microseconds = npt.NDArray[np.int64]
"""Since 1970; of a clock, as if it were UTC's."""

SECOND_US = 1_000_000
_FIRST = datetime(1969, 12, 1, tzinfo=UTC)
_LAST = datetime(2038, 2, 1, tzinfo=UTC)
_STEP = timedelta(hours=12)


@dataclass(frozen=True)
class ZoneTable:
    """The offsets of a zone from 1970 to 2037: `offsets[n]` counts from `changes[n - 1]` on."""

    changes: Microseconds
    offsets: Microseconds

    def clocks(self, instants: Microseconds) -> Microseconds:
        """Return what a clock there shows at some instants."""
        return instants + self.offsets[np.searchsorted(self.changes, instants, "right")]

    def instants(self, clocks: Microseconds) -> tuple[Microseconds, npt.NDArray[np.bool_]]:
        """Return what clocks mean in UTC, and whether each means one instant: an hour that is
        shown twice, or never, does not."""
        before, after = self.offsets[:-1], self.offsets[1:]
        bounds = np.empty(2 * len(self.changes), np.int64)
        bounds[::2] = self.changes + np.minimum(before, after)
        bounds[1::2] = self.changes + np.maximum(before, after)
        place = np.searchsorted(bounds, clocks, "right")
        return clocks - self.offsets[place // 2], place % 2 == 0


@cache
def zone_table(name: str) -> ZoneTable:
    """Return the offsets of a zone."""
    zone = ZoneInfo(name)
    changes, offsets = list[int](), [_offset(zone, _FIRST)]
    moment = _FIRST
    while moment < _LAST:
        following = moment + _STEP
        if _offset(zone, following) != offsets[-1]:
            changes.append(_change(zone, moment, following))
            offsets.append(_offset(zone, following))
        moment = following
    return ZoneTable(np.array(changes, np.int64), np.array(offsets, np.int64))


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> int:
    """Return the first second of the later of two offsets, each of which one moment has."""
    begin, end = int(before.timestamp()), int(after.timestamp())
    old = _offset(zone, before)
    while end - begin > 1:
        middle = (begin + end) // 2
        if _offset(zone, datetime.fromtimestamp(middle, UTC)) == old:
            begin = middle
        else:
            end = middle
    return end * SECOND_US


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    away = instant.astimezone(zone).utcoffset() or timedelta()
    return away // timedelta(microseconds=1)
