"""Corporate actions whose rows were deleted: a replay restores them, later ones still count."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from services.common.market.corporate_action import CorporateAction
from services.stream.actions.merge import ACTIONS
from services.stream.broker import KafkaRecord
from services.stream.event_topics.apply import merge_again
from services.stream.sink import postgres
from services.stream.sink.offset_ledger import Tally
from tests.fixtures.market import Market
from tests.integration.stream.events.test_corporate_actions import DIVIDEND, REVISIONS, seen_at

SENT_AT = datetime(2025, 11, 6, 8, tzinfo=UTC)


def sent(*actions: CorporateAction, first: int = 0) -> list[KafkaRecord]:
    """Return the records of actions, from an offset on."""
    return [
        KafkaRecord(0, offset, SENT_AT, action.key(), action.to_json())
        for offset, action in enumerate(actions, start=first)
    ]


def test_a_replay_restores_a_deleted_action_and_each_revision_once(market: Market) -> None:
    corrected = seen_at(replace(DIVIDEND, amount="0.83"), "10:00:00")
    past = sent(DIVIDEND, corrected)
    with closing(postgres.connect(market.address("stream_writer"), "test")) as session:
        for _ in range(2):
            market.run("delete from market.corporate_actions")
            with session.transaction():
                assert merge_again(session, ACTIONS, past) == Tally(good=2, added=1, changed=1)
            assert market.rows(REVISIONS) == [("dividend", None, Decimal("0.82"), 1)]

        market.run("delete from market.corporate_actions")
        late = sent(
            seen_at(replace(DIVIDEND, amount="0.84"), "11:00:00"),
            seen_at(replace(DIVIDEND, amount="0.85"), "12:00:00"),
            first=2,
        )
        with session.transaction():
            assert merge_again(session, ACTIONS, late) == Tally(good=2, added=1, changed=1)
        assert [row[2] for row in market.rows(REVISIONS)] == [Decimal("0.82"), Decimal("0.84")]
