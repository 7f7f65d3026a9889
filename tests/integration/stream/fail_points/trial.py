"""A stream that dies again and again, and the model of what is stored then.

The batch that it dies over adds bars, replaces stored ones, sees some again and comes too late
for others. After each death and at the end the tables are, row by row, what a model of the
committed batches says: a partition of a batch is there as a whole or not at all, and once.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scripts.launcher.paths import ROOT
from services.common import fail_points
from services.common.market.bar import Bar
from tests.bars import bar, record
from tests.fixtures.live import Stream, end, log_of, wait_for
from tests.fixtures.market import Topic
from tests.integration.views.expected.tables import TABLES, Model, Sent

DIED = fail_points.EXIT_CODE

# Bytes of rejected records never pass the driver, so that point is reached by workers alone.
BEFORE_COMMIT = {
    "driver": [
        "sink.batch_begun",
        "sink.before_copy",
        "sink.during_copy",
        "sink.after_copy",
        "sink.after_merge",
        "sink.ledger_moved",
    ],
    "worker": [
        "sink.rejected_published",
        "sink.before_copy",
        "sink.during_copy",
        "sink.after_copy",
        "sink.after_merge",
        "sink.ledger_moved",
    ],
}

OF_NEW_BARS_ALONE = "sink.copied_straight"

CHECKS = sorted((ROOT / "sql" / "checks").glob("*.sql"))

START = datetime(2025, 11, 6, 21, 0, tzinfo=UTC)

PARTITIONS = (0, 1)


def observed(symbol: str, second: int, close: str = "") -> Bar:
    """Return a bar whose close tells when it was observed, unless it is given."""
    prices = {"open": "1.00", "high": "99.00", "low": "0.50"}
    seen = (START + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
    close = close or f"{1 + second / 100:.2f}"
    return bar({**prices, "close": close}, symbol=symbol, observed_at=seen)


def records(step: int, partition: int, *, rejected: bool) -> list[Sent]:
    """Return what a step sends: each way in which a bar can meet the batch and the table."""
    new, second = f"N{step}{'AB'[partition]}", step * 10
    sent: list[Sent] = [
        observed(new, second),
        observed(new, second + 2),
        observed(new, second),
        observed(new, second + 1),
        observed(f"OLD{'AB'[partition]}", second + 3),
        observed(f"SAME{'AB'[partition]}", second + 4, close="1.00"),
        observed(f"LATE{'AB'[partition]}", 200 - second),
    ]
    return [*sent, f"no bar {step}".encode()] if rejected else sent


@dataclass
class Trial:
    """A stream that dies again and again, and all that was sent to it, step by step."""

    stream: Stream
    topic: Topic
    environment: dict[str, str]
    steps: list[dict[int, list[Sent]]] = field(default_factory=list)

    @property
    def rejecting(self) -> bool:
        """Whether records that are no bars are among those sent."""
        return "DRIVER_ROWS" in self.environment

    def send(self) -> None:
        """Send the next step; the next batch holds it and nothing else."""
        step = {
            partition: records(len(self.steps), partition, rejected=self.rejecting)
            for partition in PARTITIONS
        }
        for partition, sent in step.items():
            raw = [(b"AAPL", one) if isinstance(one, bytes) else record(one) for one in sent]
            self.topic.send(*raw, partition=partition)
        self.steps.append(step)

    def die(self, fail_at: str, code: int) -> None:
        """Start the job and see it die, with its connections to the database."""
        child = self.stream.start(FAIL_AT=fail_at, **self.environment)
        assert child.process.wait(120) == code, f"{fail_at}: {log_of(child)}"
        writers = """
            select count(*) from pg_stat_activity
            where datname = current_database() and usename = 'stream_writer'
        """
        wait_for(lambda: self.stream.market.rows(writers) == [(0,)], "the job's last transaction")

    def drain(self, batch: int) -> None:
        """Let the job take all there is, up to Spark's own note of it, and stop it."""
        child = self.stream.start(**self.environment)
        wait_for((self.stream.checkpoint / "commits" / str(batch)).exists, f"batch {batch}")
        code, _ = end(child, signal.SIGTERM)
        assert code == 0, log_of(child)

    def passed(self) -> dict[int, int]:
        """Return how many steps of each partition the ledger has passed; none is half done."""
        offsets = {row[0]: row[2] for row in self.stream.market.rows(TABLES["sink_offsets"])}
        assert offsets.keys() <= set(PARTITIONS)
        ends = {
            partition: [sum(len(step[partition]) for step in self.steps[:n]) for n in self._counts]
            for partition in PARTITIONS
        }
        return {number: ends[number].index(offsets.get(number, 0)) for number in PARTITIONS}

    @property
    def _counts(self) -> range:
        return range(len(self.steps) + 1)

    def assert_exact(self, passed: Mapping[int, int]) -> None:
        """Compare every table with the model of so many steps per partition."""
        model = Model()
        for partition, count in passed.items():
            for step in self.steps[:count]:
                model.apply(partition, step[partition])
        market = self.stream.market
        assert {name: market.rows(query) for name, query in TABLES.items()} == model.tables()
        assert {file.stem: market.rows(file.read_text("utf-8")) for file in CHECKS} == {
            file.stem: [] for file in CHECKS
        }
