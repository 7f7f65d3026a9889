"""Lets the consumer of a kind of event work through a topic in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from scripts.launcher.paths import ROOT
from services.stream.event_topics.kind import EventKind
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market, Topic

LEDGER = "select next_offset, stored, superseded, rejected, lost from market.sink_offsets"
REFUSED = "select kafka_offset, key, value, reason from market.rejected_events order by 1"
CHECKS = sorted((ROOT / "sql" / "checks").glob("*.sql"))


@dataclass
class Follower:
    """Consumers of a topic of events, one process after the other."""

    kind: EventKind
    market: Market
    topic: Topic
    rejected: Topic

    def start(self, fail_at: str = "") -> subprocess.Popen[bytes]:
        address = self.market.address("stream_writer")
        given = {
            "kind": self.kind.title,
            "bootstrap": self.topic.bootstrap,
            "topic": self.topic.name,
            "rejected": self.rejected.name,
            "address": {k: v for k, v in asdict(address).items() if k != "password"},
            "password": address.password.reveal(),
            "fail_at": fail_at,
        }
        environment = {**os.environ, "EVENTS_TEST": json.dumps(given)}
        command = [sys.executable, "-m", "tests.integration.stream.events.event_process"]
        return subprocess.Popen(command, env=environment)

    def drain(self, until: int) -> None:
        """Run a consumer until the ledger has come so far."""
        child = self.start()
        try:
            wait_for(lambda: self._reached() >= until, f"offset {until}")
        finally:
            child.send_signal(signal.SIGTERM)
        # It may not have come as far as to take the signal as a wish.
        assert child.wait(20) in (0, -signal.SIGTERM)

    def _reached(self) -> int:
        rows = self.market.rows(LEDGER)
        return int(rows[0][0]) if rows else 0

    def dead_letters(self) -> list[tuple[bytes | None, bytes | None, str]]:
        """Return key, value and reason of what the dead-letter topic holds."""
        place = TopicPartition(self.rejected.name, 0)
        consumer = KafkaConsumer(bootstrap_servers=self.topic.bootstrap, enable_auto_commit=False)
        try:
            consumer.assign([place])
            consumer.seek_to_beginning(place)
            end = consumer.end_offsets([place])[place]
            found: list[Any] = []
            while consumer.position(place) < end:
                found += consumer.poll(timeout_ms=1000).get(place, [])
        finally:
            consumer.close()
        reason = "__dlq.errors.reason"
        return [(each.key, each.value, dict(each.headers)[reason].decode()) for each in found]

    def assert_all_is_accounted_for(self) -> None:
        """Run every check of the ledger, which know the topic by its name."""
        for table in ("sink_offsets", "rejected_events"):
            self.market.run(f"update market.{table} set topic = %s", (self.kind.topic.name,))  # noqa: S608
        for check in CHECKS:
            assert self.market.rows(check.read_text("utf-8"), (), "stream_writer") == [], check.name
