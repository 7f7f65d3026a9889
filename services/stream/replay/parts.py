"""The work of a replay: past records, decoded and merged part by part, or only previewed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event

import tenacity
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from services.common import topics
from services.common.fail_points import reach
from services.stream.replay.offset_range import Selection, chunks
from services.stream.retry import waiting_out
from services.stream.settings import Settings
from services.stream.sink.batch import InstanceConnection
from services.stream.sink.dispatch import Writer
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.sink.transaction import Done, Purpose, Work
from services.stream.spark import runtime


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

    @classmethod
    def of(cls, done: Done) -> Outcome:
        """Return the outcome that some tallies make."""
        tallies = done.tallies.values()
        return cls(
            added=sum(tally.added for tally in tallies),
            changed=sum(tally.changed for tally in tallies),
            unchanged=sum(tally.good - tally.stored for tally in tallies),
            rejected=sum(tally.bad for tally in tallies),
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
        return self._patiently(ranges, Purpose.PREVIEW)

    def apply(self, selection: Selection) -> tuple[Outcome, int]:
        """Merge the selection, part by part; return the outcome and the records done."""
        outcome, done = Outcome(), 0
        for part in chunks(selection.ranges, self.settings.max_offsets_per_trigger):
            if self.stopping.is_set():
                break
            outcome += self._patiently(part, Purpose.REPLAY)
            reach("replay.part_merged")
            done += sum(offsets.until - offsets.start for offsets in part.values())
            share = 100 * done // selection.records
            self.log.info("%d of %d records (%d %%): %s", done, selection.records, share, outcome)
        return outcome, done

    def _patiently(self, ranges: Mapping[int, OffsetRange], purpose: Purpose) -> Outcome:
        return waiting_out(self.stopping, self._alarm)(self._attempt, ranges, purpose)

    def _attempt(self, ranges: Mapping[int, OffsetRange], purpose: Purpose) -> Outcome:
        topic = topics.BARS.name
        session = self.connection.session()
        records = runtime.read_batch(self.session, self.settings.kafka, topic, ranges)
        if self.symbol is not None:
            records = records.where(F.col("key") == F.lit(self.symbol.encode()))
        work = Work(topic, purpose, straight_rows=self.settings.straight_rows)
        written = self.writer.write(session, records, work, ranges)
        # What was merged before an error counts as unchanged when it is merged again.
        if written.error is not None:
            raise written.error
        return Outcome.of(written.done)

    def _alarm(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.log.error("waiting: %s; try %d follows", error, state.attempt_number + 1)
