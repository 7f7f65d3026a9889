"""Everything the stream says to PostgreSQL: COPY into staging, one merge, the ledger.

In come COPY lines and rejected records, out go rows of `market.*` and the numbers that the
ledger needs.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from services.common import advisory_locks
from services.common.fail_points import reach
from services.stream.decoding.copy_binary import HEADER, TRAILER
from services.stream.reconcile.accounts import BarKey, Version
from services.stream.records import Merged, RejectedRecord, Written
from services.stream.settings import PostgresAddress
from services.stream.sink import sql
from services.stream.sink.connection import Connection
from services.stream.sink.offset_ledger import Move, OffsetRange


def connect(address: PostgresAddress, application_name: str) -> Session:
    """Open a connection whose waits are bounded. Raises DatabaseError."""
    return Session.open(address, application_name)


class Session(Connection):
    """What the stream says on one connection. Every method raises DatabaseError."""

    _has_staging = False

    def try_lock(self, lock: int) -> bool:
        """Take a lock that lasts as long as the connection; False if somebody holds it."""
        [(taken,)] = self.fetch(
            "select pg_try_advisory_lock(%s, %s)", (advisory_locks.ADVISORY_CLASS, lock)
        )
        return bool(taken)

    def read_ledger(self, topic: str) -> tuple[dict[int, int], str | None]:
        """Return the next offset per partition, and the id of the topic they belong to."""
        rows = self.fetch(sql.READ_LEDGER, (topic,))
        topic_ids = {row[2] for row in rows}
        return {row[0]: row[1] for row in rows}, min(topic_ids, default=None)

    def lock_ledger(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """Return the next offset of each partition that the ledger knows, and keep everybody
        else from merging or moving these partitions until the transaction ends."""
        return dict(self.fetch(sql.LOCK_LEDGER, (topic, list(partitions))))

    def open_ledger(self, topic: str, topic_id: str, starts: Mapping[int, OffsetRange]) -> None:
        """Begin the ledger of partitions that it does not know, where their ranges start."""
        offsets = [item.start for item in starts.values()]
        self.run(sql.OPEN_LEDGER, (topic, topic_id, list(starts), offsets))

    def move_ledger(self, topic: str, moved: Sequence[Move]) -> None:
        """Add a batch's tallies to the ledger and put its next offsets forward."""
        moves = [{"topic": topic, **asdict(move)} for move in moved]
        self.run_each(sql.MOVE_LEDGER, moves)

    def prepare_staging(self) -> None:
        """Make this connection's own staging tables, which each commit empties; needed once,
        outside of a transaction, which could take them away again."""
        if not self._has_staging:
            self.run(sql.CREATE_STAGING)
            self._has_staging = True

    def stage_bars(self, lines: Iterable[bytes | memoryview], is_binary: bool = False) -> None:
        """Send lines of COPY's text, or rows of its binary format, in buffers of any size, to the
        staged bars."""
        statement = sql.COPY_ROWS if is_binary else sql.COPY_LINES
        head, tail = (HEADER, TRAILER) if is_binary else (b"", b"")
        reach("sink.before_copy")
        self.copy_in(statement, itertools.chain((head,), _watched(lines), (tail,)))
        reach("sink.after_copy")

    def empty_staged_bars(self) -> None:
        """Forget the staged bars before the transaction ends."""
        self.run(sql.EMPTY_BARS)

    def merge(self, staged: int) -> Merged:
        """Merge the staged bars, so many and each once, into the stored ones."""
        rows = self.fetch(sql.MERGE)
        written = {row[0]: Written(added=row[1], changed=row[2]) for row in rows}
        if sum(one.rows for one in written.values()) < staged:
            self._confirm_seen_again()
        return Merged(written, frozenset(symbol for row in rows for symbol in row[3]))

    def _confirm_seen_again(self) -> None:
        if self.fetch(sql.SEEN_AGAIN) != [("on",)]:
            return
        self.run(sql.BEGIN_CONFIRMING)
        self.run(sql.CONFIRM)
        self.run(sql.END_CONFIRMING)

    def preview(self) -> dict[int, Written]:
        """Tell what a merge of the staged bars would write, per Kafka partition."""
        return {row[0]: Written(row[1], row[2]) for row in self.fetch(sql.PREVIEW)}

    def keep_rejected(self, topic: str, records: Iterable[RejectedRecord]) -> None:
        """Add refused records to `rejected_events`, each once."""
        self.copy_rows(sql.COPY_REJECTED, sql.REJECTED_TYPES, records)
        self.run(sql.KEEP_REJECTED, (topic,))
        self.run(sql.EMPTY_REJECTED)

    def read_refused(
        self, topic: str, batch: Mapping[int, OffsetRange]
    ) -> list[tuple[str, str, int]]:
        """Return how many records of a batch were refused, by symbol and reason, most first."""
        starts = [offsets.start for offsets in batch.values()]
        untils = [offsets.until for offsets in batch.values()]
        rows = self.fetch(sql.READ_REFUSED, (list(batch), starts, untils, topic))
        return [(symbol, reason, records) for symbol, reason, records in rows]

    def read_ledger_ranges(self, topic: str) -> dict[int, tuple[int, int]]:
        """Return the first and the next offset of each partition of the ledger."""
        return {row[0]: (row[1], row[2]) for row in self.fetch(sql.READ_RANGES, (topic,))}

    def read_marks(self, topic: str, partition: int, offsets: OffsetRange) -> dict[int, str]:
        """Return what the database holds of each offset: `s` a stored row, `r` a rejected one,
        one letter for each row."""
        bounds = (partition, offsets.start, offsets.until)
        parameters = (*bounds, *bounds, topic, *bounds)
        return dict(self.fetch(sql.READ_MARKS, parameters))

    def read_versions(self, keys: Sequence[BarKey]) -> dict[BarKey, list[Version]]:
        """Return the current and the replaced values of bars."""
        columns = tuple(map(list, zip(*keys, strict=True))) if keys else ([], [], [])
        versions: dict[BarKey, list[Version]] = {}
        for row in self.fetch(sql.READ_VERSIONS, columns):
            version = Version(values=row[3:12], observed_at=row[12], offset=row[13])
            versions.setdefault(row[:3], []).append(version)
        return versions

    def notify(self, symbols: frozenset[str]) -> None:
        """Tell listeners, at commit, which symbols changed (null: too many to name)."""
        payload = json.dumps({"symbols": sorted(symbols) if len(symbols) <= 300 else None})
        self.fetch(sql.NOTIFY, (sql.NOTIFY_CHANNEL, payload))


def _watched(parts: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Pass on what goes to the server, with a fail point after each part that went."""
    for part in parts:
        yield part
        reach("sink.during_copy")
