"""The work of a replay: past records, decoded and merged part by part, or only previewed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event

import tenacity
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from services.common import topics
from services.stream import spark
from services.stream.decode import decode
from services.stream.faults import DatabaseError, Fault
from services.stream.isolate import merge_isolating
from services.stream.ledger import OffsetRange
from services.stream.merged import Preview
from services.stream.patience import waiting_out
from services.stream.postgres import Session, Staging
from services.stream.replay_range import Selection, chunks
from services.stream.settings import Settings
from services.stream.sink import InstanceConnection
from services.stream.stage import Tallies
from services.stream.write import Writer

Body = Callable[[Session, Staging, Tallies], "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """What a replay did, or would do: bars new, changed, and equal or older; records rejected."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.rejected + other.rejected,
        )

    def __str__(self) -> str:
        return (
            f"{self.added} new, {self.changed} changed, {self.unchanged} equal or older, "
            f"{self.rejected} rejected"
        )


@dataclass(frozen=True)
class Replay:
    """A replay of selected offsets, of one symbol or of all."""

    settings: Settings
    session: SparkSession
    connection: InstanceConnection
    writer: Writer
    symbol: str | None
    stopping: Event
    log: logging.Logger

    def preview(self, ranges: Mapping[int, OffsetRange]) -> Outcome:
        """Tell what a replay of `ranges` would write; write nothing."""
        return self._patiently(ranges, _preview)

    def apply(self, selection: Selection) -> tuple[Outcome, int]:
        """Merge the selection, part by part; return the outcome and the records done."""
        outcome, done = Outcome(), 0
        for part in chunks(selection.ranges, self.settings.max_offsets_per_trigger):
            if self.stopping.is_set():
                break
            outcome += self._patiently(part, _merge)
            done += sum(offsets.until - offsets.start for offsets in part.values())
            share = 100 * done // selection.records
            self.log.info("%d of %d records (%d %%): %s", done, selection.records, share, outcome)
        return outcome, done

    def _patiently(self, ranges: Mapping[int, OffsetRange], body: Body) -> Outcome:
        return waiting_out(self.stopping, self._alarm)(self._attempt, ranges, body)

    def _attempt(self, ranges: Mapping[int, OffsetRange], body: Body) -> Outcome:
        topic = topics.BARS.name
        session = self.connection.session()
        records = spark.read_batch(self.session, self.settings.kafka_bootstrap, topic, ranges)
        if self.symbol is not None:
            records = records.where(F.col("key") == F.lit(self.symbol.encode()))
        decoded = decode(records)
        size = sum(offsets.until - offsets.start for offsets in ranges.values())
        try:
            return self.writer.write(
                session, decoded, size, lambda staging, seen: body(session, staging, seen)
            )
        except DatabaseError as error:
            if error.fault is not Fault.DATA:
                raise
            self.log.warning("the database refused a row (%s); finding it", error)
        with session.transaction():
            session.lock_merge(topic)
            merged, seen = merge_isolating(session, session.session_staging(), decoded)
            good, bad = _counted(seen)
            stored = sum(merged.stored.values())
            return Outcome(changed=stored, unchanged=good - stored, rejected=bad)

    def _alarm(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.log.error("waiting: %s; try %d follows", error, state.attempt_number + 1)


def _preview(session: Session, staging: Staging, seen: Tallies) -> Outcome:
    return _outcome(session.preview(staging), seen)


def _merge(session: Session, staging: Staging, seen: Tallies) -> Outcome:
    session.lock_merge(topics.BARS.name)
    outcome = _outcome(session.preview(staging), seen)
    merged = session.merge(staging)
    if merged.symbols:
        session.notify(merged.symbols)
    return outcome


def _outcome(preview: Preview, seen: Tallies) -> Outcome:
    _, bad = _counted(seen)
    return Outcome(preview.added, preview.changed, preview.equal_or_older, bad)


def _counted(seen: Tallies) -> tuple[int, int]:
    return sum(tally.good for tally in seen.values()), sum(tally.bad for tally in seen.values())
