"""One episode: load and faults for some seconds, then healing, draining, and the check."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scripts.chaos_testing import workload
from scripts.chaos_testing.alerting.alert_watch import AlertWatch
from scripts.chaos_testing.checker import Findings, check
from scripts.chaos_testing.cluster import Cluster
from scripts.chaos_testing.faults.episode_plan import LOAD_SECONDS, Fault
from scripts.chaos_testing.faults.timeline import Timeline
from scripts.chaos_testing.load_sender import Load
from scripts.launcher.errors import SetupError
from services.common import topics
from services.common.market.bar import Bar
from services.stream.broker import BrokerError, read_records, topic_facts
from services.stream.sink.offset_ledger import OffsetRange

_STILL_SECONDS = 600.0
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Report:
    """What an episode did, what it found, and the seconds from its end until all was drained."""

    number: int
    seed: int
    faults: list[str]
    sent: int
    acknowledged: int
    deaths: int
    recovery_seconds: float
    seconds: float
    findings: Findings

    def found(self) -> str:
        """Return how much of each kind was found."""
        return " ".join(f"{kind} {number}" for kind, number in self.findings.counts().items())

    def __str__(self) -> str:
        return (
            f"episode {self.number:3} seed {self.seed}: {', '.join(self.faults)}; "
            f"{self.sent} sent, {self.acknowledged} acknowledged, {self.deaths} deaths, drained in "
            f"{self.recovery_seconds:.1f} s; {self.found()}"
        )


@dataclass
class Episode:
    """An episode of these faults on a running cluster; `seed` decides its load."""

    cluster: Cluster
    number: int
    seed: int
    faults: Sequence[Fault]
    alerts: AlertWatch | None = None

    def __post_init__(self) -> None:
        self._timeline = Timeline(self.cluster, self.alerts)

    def run(self) -> Report:
        """Run the episode. Raises SetupError if the pipeline does not recover."""
        begun, deaths = time.monotonic(), self.cluster.deaths
        first = self._ends()
        operations = workload.operations(self.seed, self.number)
        kept: dict[bytes, Bar | None] = {}
        load = Load(self.cluster.bootstrap, topics.BARS.name, _keeping(operations, kept))
        timeline = self._timeline
        timeline.plan(self.faults, begun)
        load.start()
        timeline.pass_until(begun + LOAD_SECONDS)
        timeline.pass_all()
        self.cluster.proxy.heal()
        healed = time.monotonic()
        load.ask_to_stop()
        timeline.pass_while(load.is_alive)
        ends = self._drain()
        recovery_seconds = time.monotonic() - healed
        timeline.judge_alerts()
        findings = self._check(load.acknowledged, kept, first, ends)
        return Report(
            number=self.number,
            seed=self.seed,
            faults=[str(fault) for fault in self.faults],
            sent=load.sent,
            acknowledged=len(load.acknowledged),
            deaths=self.cluster.deaths - deaths,
            recovery_seconds=recovery_seconds,
            seconds=time.monotonic() - begun,
            findings=findings,
        )

    def _drain(self) -> dict[int, int]:
        """Wait until the ledger has passed all that Kafka holds, and a replay has ended; return
        where that is. A long outage leaves much to drain: it may take long, but not stand still."""
        ledger, moved_at = self.cluster.database.ledger(), time.monotonic()
        while True:
            asked_at = time.monotonic()
            self._timeline.pass_until(asked_at)
            ends, earlier = self._ends_if_there(), ledger
            ledger = self.cluster.database.ledger()
            replay = self.cluster.children.get("replay")
            if ends is not None and ledger == ends and (replay is None or not replay.is_running()):
                return ends
            if ledger != earlier:
                moved_at = time.monotonic()
            if time.monotonic() > moved_at + _STILL_SECONDS:
                raise SetupError(
                    f"episode {self.number} (seed {self.seed}) did not drain: for "
                    f"{_STILL_SECONDS:.0f} s the ledger stands at {ledger}, Kafka ends at {ends}"
                )
            # Each look connects anew; what drains needs the processor too.
            time.sleep(max(_LOOK_SECONDS, 2 * (time.monotonic() - asked_at)))

    def _ends_if_there(self) -> dict[int, int] | None:
        try:
            return self._ends()
        except BrokerError:
            return None

    def _ends(self) -> dict[int, int]:
        facts = topic_facts(self.cluster.kafka, topics.BARS.name)
        if facts is None:
            raise SetupError(f"the topic {topics.BARS.name} is gone")
        return {number: item.until for number, item in facts.offsets.items() if item.until}

    def _check(
        self,
        acknowledged: list[bytes],
        kept: dict[bytes, Bar | None],
        first: dict[int, int],
        ends: dict[int, int],
    ) -> Findings:
        held = {
            (partition, record.offset): (record.value or b"", kept.get(record.value or b""))
            for partition, until in ends.items()
            for record in read_records(
                self.cluster.kafka,
                topics.BARS.name,
                partition,
                OffsetRange(first.get(partition, 0), until),
            )
        }
        tables = self.cluster.database.tables(workload.symbols(self.number), first)
        found = check(acknowledged, held, tables)
        found.wrong += [
            f"the ledger of partition {partition} does not add up"
            for partition in self.cluster.database.unbalanced()
        ]
        return found


def _keeping(
    operations: Iterator[workload.Operation], kept: dict[bytes, Bar | None]
) -> Iterator[workload.Operation]:
    for operation in operations:
        kept[operation.value] = operation.bar
        yield operation
