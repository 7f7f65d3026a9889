"""Which offsets a replay reads: what was asked for, cut to what Kafka still has. Pure."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.stream.sink.offset_ledger import OffsetRange

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Selection:
    """The offsets to read per partition, and one line a gap that retention made in them."""

    ranges: Mapping[int, OffsetRange]
    gaps: tuple[str, ...]

    @property
    def records(self) -> int:
        """How many records that is."""
        return sum(offsets.until - offsets.start for offsets in self.ranges.values())


def parse_instant(text: str, now: datetime) -> datetime:
    """Return an ISO 8601 instant with its offset, or one so long ago (`90s`, `2h`, `7d`).

    Raises argparse.ArgumentTypeError.
    """
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no instant; write 2026-11-20T14:30:00Z, or 2h for two hours ago"
        ) from None
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} names no zone; add Z for UTC, or +hh:mm")
    return instant.astimezone(UTC)


def parse_offsets(text: str) -> OffsetRange:
    """Return `A:B` as the offsets from A up to, not including, B.

    Raises argparse.ArgumentTypeError.
    """
    match = re.fullmatch(r"(\d{1,18}):(\d{1,18})", text)
    if match is None or int(match[1]) >= int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no range of offsets; write A:B with A < B")
    return OffsetRange(int(match[1]), int(match[2]))


def by_offsets(
    available: Mapping[int, OffsetRange], partition: int, wanted: OffsetRange
) -> Selection:
    """Select offsets of one partition. Raises KeyError if there is no such partition."""
    has = available[partition]
    return Selection(
        _without_empty({partition: _cut(wanted, has)}),
        _gap(partition, wanted.start, min(has.start, wanted.until)),
    )


def by_time(
    available: Mapping[int, OffsetRange],
    starts: Mapping[int, int],
    ends: Mapping[int, int],
) -> Selection:
    """Select, in every partition, from the first record of a time to the first of another.

    Retention shows where a selection begins with the very first record that is left.
    """
    ranges, gaps = {}, []
    for partition, has in available.items():
        ranges[partition] = _cut(OffsetRange(starts[partition], ends[partition]), has)
        if 0 < has.start == starts[partition]:
            gaps.append(
                f"partition {partition}: retention has removed the records below offset "
                f"{has.start}; those of them that lie in this time cannot be replayed"
            )
    return Selection(_without_empty(ranges), tuple(gaps))


def chunks(ranges: Mapping[int, OffsetRange], records: int) -> Iterator[dict[int, OffsetRange]]:
    """Yield `ranges` in order, in parts of at most `records` records each."""
    part: dict[int, OffsetRange] = {}
    room = records
    for partition, offsets in sorted(ranges.items()):
        start = offsets.start
        while start < offsets.until:
            until = min(offsets.until, start + room)
            part[partition] = OffsetRange(start, until)
            room -= until - start
            start = until
            if room == 0:
                yield part
                part, room = {}, records
    if part:
        yield part


def _cut(wanted: OffsetRange, has: OffsetRange) -> OffsetRange:
    return OffsetRange(max(wanted.start, has.start), min(wanted.until, has.until))


def _gap(partition: int, start: int, until: int) -> tuple[str, ...]:
    if start >= until:
        return ()
    return (
        f"partition {partition}: retention has removed offsets {start} to {until - 1} "
        f"({until - start} records); they cannot be replayed",
    )


def _without_empty(ranges: Mapping[int, OffsetRange]) -> dict[int, OffsetRange]:
    return {number: cut for number, cut in ranges.items() if cut.start < cut.until}
