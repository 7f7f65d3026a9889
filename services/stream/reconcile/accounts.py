"""What became of every record: the arithmetic behind `scripts/reconcile`. Pure.

A record is stored (its offset stands in a current or a replaced row), rejected (its offset
stands in rejected_events), or superseded (its bar holds a newer observation, or the very same
values). Whatever is none of these was lost in silence, whatever is two of them was duplicated. An
offset that Kafka should hold and that brought no record is absent: nothing is known of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from services.common.market.bar import price_basis
from services.stream.sink.offset_ledger import OffsetRange

BarKey = tuple[str, str, datetime]


@dataclass(frozen=True)
class Version:
    """One value of a bar: what it says, and which observation brought it."""

    values: tuple[object, ...]
    observed_at: datetime
    offset: int


@dataclass(frozen=True)
class Checked:
    """What is accounted for of a partition; `lag` is what the sink has not read."""

    partition: int
    offsets: OffsetRange
    lag: int = 0


@dataclass(frozen=True)
class PartitionAccount:
    """The account of one partition over [start, until); so many records were `removed` by retention
    before they could be read here."""

    partition: int
    start: int
    until: int
    stored: int
    superseded: int
    rejected: int
    removed: int
    lag: int
    unaccounted: tuple[int, ...]
    duplicated: tuple[int, ...]
    absent: tuple[int, ...]

    @property
    def balanced(self) -> bool:
        """Whether produced = stored + superseded + rejected, each record counted once."""
        return not self.unaccounted and not self.duplicated and not self.absent

    def __str__(self) -> str:
        verdict = "balanced" if self.balanced else "NOT BALANCED"
        produced = self.until - self.start - self.removed - len(self.absent)
        unread = f"; retention removed {self.removed} unread" if self.removed else ""
        return (
            f"partition {self.partition} [{self.start}, {self.until}): produced {produced} = "
            f"stored {self.stored} + superseded {self.superseded} + rejected {self.rejected}; "
            f"unaccounted {len(self.unaccounted)}, duplicated {len(self.duplicated)}, absent "
            f"{len(self.absent)}, lag {self.lag}: {verdict}{unread}"
        )


def parse_version(value: bytes, offset: int) -> tuple[BarKey, Version]:
    """Return the bar and the value that a good record carries. Raises ValueError or KeyError."""
    event = json.loads(value)
    local = datetime.fromisoformat(event["exchange_time"])
    bar_time = local.replace(tzinfo=ZoneInfo(event["exchange_tz"])).astimezone(UTC)
    ohlcv = event["ohlcv"]
    values = (
        *(Decimal(ohlcv[name]) for name in ("open", "high", "low", "close")),
        None if ohlcv.get("volume") is None else Decimal(ohlcv["volume"]),
        local.date(),
        event["source"],
        price_basis(event["adjusted"], event.get("adjusted_as_of"), event.get("adjusted_for")),
        event["is_final"],
    )
    observed_at = datetime.fromisoformat(event["observed_at"])
    return (event["symbol"], event["interval"], bar_time), Version(values, observed_at, offset)


def is_superseded(record: Version, kept: Iterable[Version]) -> bool:
    """Return whether one of the kept values of its bar makes `record` needless."""
    return any(
        (version.observed_at, version.offset) >= (record.observed_at, record.offset)
        or version.values == record.values
        for version in kept
    )


def account(
    checked: Checked,
    read: Iterable[int],
    marks: Mapping[int, str],
    superseded: Iterable[int],
    first: int,
) -> PartitionAccount:
    """Return the account of one partition.

    `read` are the offsets of the range that brought a record, `marks` tells for each offset that
    the database knows what it is there: `s` for each stored row, `r` for each rejected one. `first`
    is the first offset that Kafka still holds after all was read.
    """
    present, (start, until) = set(read), (checked.offsets.start, checked.offsets.until)
    unread = [offset for offset in range(start, until) if offset not in present]
    known = {offset: mark for offset, mark in marks.items() if offset in present}
    needless = set(superseded)
    return PartitionAccount(
        partition=checked.partition,
        start=start,
        until=until,
        stored=sum(mark.count("s") for mark in known.values()),
        superseded=len(needless),
        rejected=sum(mark.count("r") for mark in known.values()),
        removed=sum(offset < first for offset in unread),
        lag=checked.lag,
        unaccounted=tuple(sorted(present - known.keys() - needless)),
        duplicated=tuple(sorted(offset for offset, mark in known.items() if len(mark) > 1)),
        absent=tuple(offset for offset in unread if offset >= first),
    )
