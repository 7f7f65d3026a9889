"""Corporate actions from Kafka to the table, each record once in effect, whatever dies."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from jsonschema import Draft202012Validator

from scripts.launcher.paths import ROOT
from services.common import fail_points
from services.common.market.corporate_action import CorporateAction
from services.stream.actions.merge import ACTIONS
from tests.fixtures.market import Market, Topic
from tests.integration.stream.events.follower import LEDGER, REFUSED, Follower

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
TABLE = """
select symbol, kind, ex_date::text, number, numerator, denominator, amount, is_withdrawn,
    revision, to_char(observed_at, 'HH24:MI:SS'), kafka_offset
from market.corporate_actions order by 1, 2, 3, 4
"""
REVISIONS = """
select kind, numerator, amount, revision from market.corporate_action_revisions order by 1, 4
"""
POINTS = [point for point in fail_points.POINTS if point.startswith("events.")]
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


@pytest.fixture
def follower(market: Market, make_topic: Callable[[int], Topic]) -> Follower:
    return Follower(ACTIONS, market, make_topic(1), make_topic(1))


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
    follower.assert_all_is_accounted_for()


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
    follower.assert_all_is_accounted_for()


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
