"""Corporate actions from Kafka to the table, each record once in effect, whatever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import psycopg
import pytest
from jsonschema import Draft202012Validator
from kafka import KafkaConsumer, TopicPartition

from scripts.launcher.paths import ROOT
from services.common import fail_points
from services.common.market.corporate_action import CorporateAction
from services.common.topics import ACTIONS
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market, Topic

SPLIT = CorporateAction(
    symbol="AAPL",
    kind="split",
    ex_date="2020-08-31",
    number=0,
    numerator="4",
    denominator="1",
    amount="",
    vendor_value="4.0000",
    declaration_date="",
    record_date="",
    payment_date="",
    is_withdrawn=False,
    source="alphavantage",
    observed_at="2025-11-06T08:00:00.000Z",
)
DIVIDEND = replace(
    SPLIT,
    kind="dividend",
    ex_date="2020-08-07",
    numerator="",
    denominator="",
    amount="0.82",
    vendor_value="0.82",
    record_date="2020-08-10",
)
SCHEMA = json.loads(
    (ROOT / "services/common/market/corporate_action.schema.json").read_text("utf-8")
)
CHECKS = sorted((ROOT / "sql" / "checks").glob("*.sql"))
TABLE = """
select symbol, kind, ex_date::text, number, numerator, denominator, amount, is_withdrawn,
    revision, to_char(observed_at, 'HH24:MI:SS'), kafka_offset
from market.corporate_actions order by 1, 2, 3, 4
"""
LEDGER = "select next_offset, stored, superseded, rejected, lost from market.sink_offsets"
REVISIONS = """
select kind, numerator, amount, revision from market.corporate_action_revisions order by 1, 4
"""
REFUSED = "select kafka_offset, key, value, reason from market.rejected_events order by 1"
POINTS = [point for point in fail_points.POINTS if point.startswith("actions.")]
DIED = fail_points.EXIT_CODE


def seen_at(action: CorporateAction, clock: str, **changes: Any) -> CorporateAction:
    return replace(action, observed_at=f"2025-11-06T{clock}.000Z", **changes)


def record(action: CorporateAction) -> tuple[bytes, bytes]:
    return action.key(), action.to_json()


SENT: list[tuple[bytes | None, bytes | None]] = [
    record(SPLIT),
    record(DIVIDEND),
    record(seen_at(SPLIT, "09:00:00")),  # seen again
    record(seen_at(SPLIT, "08:30:00", numerator="3")),  # late: it loses
    record(seen_at(DIVIDEND, "10:00:00", amount="0.83")),  # changed
    (b"AAPL", b"no action"),
    record(seen_at(replace(SPLIT, number=1, ex_date="2020-02-30"), "10:00:00")),
    (b"MSFT", SPLIT.to_json()),
    record(seen_at(SPLIT, "11:00:00", number=1, numerator="1", denominator="8")),
    record(
        seen_at(
            SPLIT,
            "12:00:00",
            is_withdrawn=True,
            numerator="",
            denominator="",
            vendor_value="",
        )
    ),
    (b"AAPL", None),
]
STORED = [
    ("AAPL", "dividend", "2020-08-07", 0, None, None, 0.83, False, 2, "10:00:00", 4),
    ("AAPL", "split", "2020-08-31", 0, None, None, None, True, 2, "12:00:00", 9),
    ("AAPL", "split", "2020-08-31", 1, 1, 8, None, False, 1, "11:00:00", 8),
]
REASONS = ["malformed_json", "bad_date", "key_mismatch", "null_value"]


@dataclass
class Follower:
    """Consumers of a topic's actions, one process after the other."""

    market: Market
    topic: Topic
    rejected: Topic

    def start(self, fail_at: str = "") -> subprocess.Popen[bytes]:
        address = self.market.address("stream_writer")
        given = {
            "bootstrap": self.topic.bootstrap,
            "topic": self.topic.name,
            "rejected": self.rejected.name,
            "address": {k: v for k, v in asdict(address).items() if k != "password"},
            "password": address.password.reveal(),
            "fail_at": fail_at,
        }
        environment = {**os.environ, "ACTIONS_TEST": json.dumps(given)}
        command = [sys.executable, "-m", "tests.integration.stream.actions_process"]
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


@pytest.fixture
def follower(market: Market, make_topic: Callable[[int], Topic]) -> Follower:
    return Follower(market, make_topic(1), make_topic(1))


def assert_all_is_accounted_for(market: Market) -> None:
    # The checks know the topic by its name.
    for table in ("sink_offsets", "rejected_events"):
        market.run(f"update market.{table} set topic = %s", (ACTIONS.name,))  # noqa: S608
    for check in CHECKS:
        assert market.rows(check.read_text("utf-8"), (), "stream_writer") == [], check.name


def test_each_record_is_stored_superseded_or_rejected(follower: Follower) -> None:
    follower.topic.send(*SENT)
    follower.drain(len(SENT))

    market = follower.market
    assert [tuple(map(_plain, row)) for row in market.rows(TABLE)] == STORED
    assert market.rows(LEDGER) == [(11, 5, 2, 4, 0)]
    assert [tuple(map(_plain, row)) for row in market.rows(REVISIONS)] == [
        ("dividend", None, 0.82, 1),
        ("split", 4, None, 1),
    ]
    refused = market.rows(REFUSED)
    assert [row[3] for row in refused] == REASONS
    assert [row[1:3] for row in refused] == [SENT[row[0]] for row in refused]
    assert [(key, value) for key, value, _ in follower.dead_letters()] == [
        SENT[row[0]] for row in refused
    ]
    assert_all_is_accounted_for(market)


def test_listeners_are_told_whose_prices_have_changed(follower: Follower) -> None:
    at = follower.market.address("stream_writer")
    with psycopg.connect(
        host=at.host,
        port=at.port,
        dbname=at.database,
        user=at.user,
        password=at.password.reveal(),
        autocommit=True,
    ) as listener:
        listener.execute("listen bars")
        follower.topic.send(record(SPLIT), record(DIVIDEND), record(replace(SPLIT, symbol="MSFT")))
        follower.drain(3)
        told = [json.loads(one.payload)["symbols"] for one in listener.notifies(timeout=1)]
        # How many batches it takes is not told.
        assert {symbol for symbols in told for symbol in symbols} == {"AAPL", "MSFT"}
        follower.topic.send(record(seen_at(SPLIT, "09:00:00")))
        follower.drain(4)
        assert list(listener.notifies(timeout=1)) == []


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | None) else float(value)


def test_a_death_at_any_point_changes_nothing(follower: Follower) -> None:
    for step, point in enumerate(POINTS, start=1):
        follower.topic.send(*SENT)
        dying = follower.start(fail_at=point)
        assert dying.wait(60) == DIED, point
        follower.drain(step * len(SENT))

    market = follower.market
    last = len(SENT) * (len(POINTS) - 1)
    values = [tuple(map(_plain, row))[:8] for row in market.rows(TABLE)]
    assert values == [row[:8] for row in STORED]
    [(reached, stored, superseded, rejected, lost)] = market.rows(LEDGER)
    assert (reached, rejected, lost) == (last + len(SENT), 4 * len(POINTS), 0)
    assert stored + superseded + rejected == reached
    assert len(market.rows(REFUSED)) == rejected
    assert_all_is_accounted_for(market)


def test_the_events_are_those_of_the_schema() -> None:
    schema = Draft202012Validator(SCHEMA)
    for _, value in SENT:
        if value is None or not value.startswith(b"{"):
            continue
        document = json.loads(value)
        assert schema.is_valid(document), document
        for name in SCHEMA["required"]:
            assert not schema.is_valid({k: v for k, v in document.items() if k != name}), name
    bad = json.loads(SPLIT.to_json())
    for change in ({"kind": "merger"}, {"numerator": "0"}, {"amount": "1"}, {"number": 100}):
        assert not schema.is_valid(bad | change), change
