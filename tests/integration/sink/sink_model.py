"""What the sink must do, as a model: records in; bars, refusals and the ledger out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.stream.sink.offset_ledger import OffsetRange
from tests.fixtures.market import Row

START = datetime(2025, 11, 6, 20, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Sent:
    """A record of the log: a bar by its minute, close and second of observation, or a bad one."""

    minute: int
    close: int
    second: int
    bad: bool = False


@dataclass
class Model:
    """What the database must hold, written as simply as can be."""

    bars: dict[int, Row] = field(default_factory=dict)
    replaced: list[Row] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)
    next_offset: int = 0
    stored: int = 0
    superseded: int = 0

    def apply(self, log: Sequence[Sent], offsets: OffsetRange) -> None:
        """Apply a batch of the live job; what is below the next offset counts no more."""
        due = range(max(offsets.start, self.next_offset), offsets.until)
        stored = self.merge(log, due)
        good = sum(not log[offset].bad for offset in due)
        self.stored += stored
        self.superseded += good - stored
        self.refused += [
            (offset, str(offset).encode(), "bad_price") for offset in due if log[offset].bad
        ]
        self.next_offset = max(self.next_offset, offsets.until)

    def merge(self, log: Sequence[Sent], due: range) -> int:
        """Merge the newest of each bar; return how many bars that adds or changes."""
        newest: dict[int, int] = {}
        for offset in due:
            sent = log[offset]
            rival = newest.get(sent.minute)
            if not sent.bad and (rival is None or log[rival].second <= sent.second):
                newest[sent.minute] = offset
        return sum(self._merge_one(log[offset], offset) for offset in newest.values())

    def _merge_one(self, sent: Sent, offset: int) -> bool:
        time, seen = START + timedelta(minutes=sent.minute), START + timedelta(seconds=sent.second)
        close = Decimal(sent.close)
        old = self.bars.get(sent.minute)
        if old is None:
            self.bars[sent.minute] = (time, close, seen, 1, offset)
            return True
        if close == old[1]:
            self.bars[sent.minute] = (*old[:2], max(seen, old[2]), *old[3:])
            return False
        if (seen, offset) < (old[2], old[4]):
            return False
        self.replaced.append(old)
        self.bars[sent.minute] = (time, close, seen, old[3] + 1, offset)
        return True
