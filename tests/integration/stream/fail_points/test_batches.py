"""Dies at every fail point of the stream and the replay, and is started again.

The batch that it dies over adds bars, replaces stored ones, sees some again and comes too late
for others. After each death and at the end the tables are, row by row, what a model of the
committed batches says: a partition of a batch is there as a whole or not at all, and once.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common import fail_points
from services.common.market.bar import Bar
from tests.bars import bar, record
from tests.fixtures.live import Stream, end, log_of, wait_for
from tests.fixtures.market import Topic
from tests.integration.stream import test_corporate_actions
from tests.integration.views.expected.indicators import assert_derived, nothing_is_due
from tests.integration.views.expected.tables import STORED, TABLES, Model, Sent

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
AFTER_COMMIT = ["sink.after_commit", "job.batch_applied"]
OF_NEW_BARS_ALONE = "sink.copied_straight"
IN_DERIVED_SERIES = [point for point in fail_points.POINTS if point.startswith("indicators.")]
IN_A_REPLAY = [point for point in fail_points.POINTS if point.startswith("replay.")]
CHECKS = sorted((Path(__file__).parents[3] / "sql" / "checks").glob("*.sql"))
# How often and from which record a value came depends on how a replay is cut into parts.
MERGED = STORED.replace(", revision, kafka_partition, kafka_offset", "").replace(", revision", "")
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


@pytest.fixture
def trial(stream: Stream, bars_topic: Topic, request: pytest.FixtureRequest) -> Trial:
    return Trial(stream, bars_topic, getattr(request, "param", {}))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("trial", [{"STRAIGHT_ROWS": "1"}], indirect=True)
def test_the_job_may_die_at_any_point(trial: Trial) -> None:
    trial.send()
    trial.die(OF_NEW_BARS_ALONE, DIED)
    trial.assert_exact({0: 0, 1: 0})
    trial.drain(batch=0)
    trial.send()
    for point in BEFORE_COMMIT["driver"]:
        trial.die(point, DIED)
        trial.assert_exact({0: 1, 1: 1})
    trial.die("sink.after_commit", DIED)
    trial.assert_exact({0: 2, 1: 2})
    trial.send()
    # The first time is for the batch before, of which only Spark does not know that it is done.
    trial.die("job.batch_applied:2", DIED)
    trial.assert_exact({0: 3, 1: 3})
    trial.send()
    trial.drain(batch=3)
    trial.assert_exact({0: 4, 1: 4})
    trial.stream.reconcile()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("trial", [{"DRIVER_ROWS": "0"}], indirect=True)
def test_a_worker_of_spark_may_die_at_any_point(trial: Trial) -> None:
    # The job ends with it, loudly; its supervisor starts it again. The other worker's partition
    # may be committed by then, the one of the dead worker is not.
    trial.send()
    trial.drain(batch=0)
    trial.send()
    for point in BEFORE_COMMIT["worker"]:
        trial.die(point, 1)
        passed = trial.passed()
        assert sorted(passed.values()) in ([1, 1], [1, 2]), point
        trial.assert_exact(passed)
    trial.die("sink.after_commit", 1)
    passed = trial.passed()
    assert 2 in passed.values()
    trial.assert_exact(passed)
    trial.send()
    trial.drain(batch=2)
    trial.assert_exact({0: 3, 1: 3})
    trial.stream.reconcile()


def test_the_computation_of_derived_series_may_die_at_any_point(trial: Trial) -> None:
    trial.send()
    for point in IN_DERIVED_SERIES:
        trial.die(point, 1)
    trial.send()
    trial.drain(batch=1)
    child = trial.stream.start()
    # Nothing may be due any more; until the query runs, a signal would end what cannot hear it yet.
    wait_for(lambda: " reading " in log_of(child), "the query")
    wait_for(lambda: nothing_is_due(trial.stream.market), "the indicators")

    assert end(child)[0] == 0, log_of(child)
    trial.assert_exact({0: 2, 1: 2})
    assert_derived(trial.stream.market)


@pytest.mark.parametrize("point", IN_A_REPLAY)
def test_a_replay_may_die_in_the_middle(trial: Trial, point: str) -> None:
    for _ in range(3):
        trial.send()
    trial.drain(batch=0)
    market, before = trial.stream.market, trial.stream.market.rows(TABLES["sink_offsets"])
    rows = market.rows(MERGED)
    market.run("delete from market.events_stream")
    trial.stream.environment["MAX_OFFSETS_PER_TRIGGER"] = "8"

    dead = trial.stream.run("services.stream.replay", "--from", "1h", FAIL_AT=f"{point}:2")
    assert dead.returncode == DIED, dead.stderr
    assert 0 < len(market.rows(MERGED)) < len(rows)
    again = trial.stream.run("services.stream.replay", "--from", "1h")

    assert again.returncode == 0, again.stderr
    assert market.rows(MERGED) == rows
    assert market.rows(TABLES["sink_offsets"]) == before


def test_every_point_of_the_stream_is_tried() -> None:
    of_batches = {
        OF_NEW_BARS_ALONE,
        *BEFORE_COMMIT["driver"],
        *BEFORE_COMMIT["worker"],
        *AFTER_COMMIT,
    }
    beside = {*IN_DERIVED_SERIES, *test_corporate_actions.POINTS}
    tried = {*of_batches, *beside, *IN_A_REPLAY}
    assert {point for point in fail_points.POINTS if not point.startswith("producer.")} == tried
