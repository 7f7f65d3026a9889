"""Before the query starts: does what Kafka has fit what the ledger knows?

Pure. Reading on would hide a loss when records expired before they were read, or when the topic was
recreated or lost its tail and counts its offsets from lower down again.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.stream.broker import TopicFacts
from services.stream.error_advice import StopCause


class LedgerMismatchError(Exception):
    """The ledger and the topic contradict each other; one line that says how and what to do."""

    def __init__(self, message: str, cause: StopCause = StopCause.TOPIC) -> None:
        super().__init__(message)
        self.cause = cause


def starting_offsets(
    facts: TopicFacts, ledger: Mapping[int, int], ledger_topic_id: str | None, accept_lost: bool
) -> dict[int, int]:
    """Return where a query without a checkpoint begins: at the ledger, else at the earliest.

    Raises LedgerMismatchError unless `accept_lost` allows to skip what is gone.
    """
    if ledger_topic_id not in (None, facts.topic_id):
        raise LedgerMismatchError(
            f"the ledger belongs to topic {ledger_topic_id}, but Kafka now has {facts.topic_id}: "
            "the topic was recreated. If that was meant, archive the rows of "
            "market.sink_offsets, delete them and the checkpoint, and start again; stored bars stay"
        )
    starting = {}
    for partition, offsets in facts.offsets.items():
        known = ledger.get(partition, offsets.start)
        if known > offsets.until:
            raise LedgerMismatchError(
                f"partition {partition}: the ledger ends at {known}, but Kafka at "
                f"{offsets.until}: Kafka lost its newest records. Delete that partition's row of "
                "market.sink_offsets and the checkpoint, and start again; the producer sends "
                "what is missing"
            )
        if known < offsets.start and not accept_lost:
            raise LedgerMismatchError(
                f"partition {partition}: offsets {known} to {offsets.start - 1} have expired from "
                "Kafka unread. Let the producer fill the hole (see docs/operations.md, Runbook), "
                "then start once with ACCEPT_LOST_OFFSETS=true, which counts them as lost",
                StopCause.EXPIRED,
            )
        starting[partition] = max(known, offsets.start)
    return starting
