"""What a stopped query means and what the operator does about it. Pure.

In comes the text of an error, out goes whether waiting will help, and one line of advice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class StopCause(StrEnum):
    """Why a stream ended by itself; the runbook has a section for each."""

    SECOND_INSTANCE = "second_instance"
    CHECKPOINT = "checkpoint"
    EXPIRED = "expired"
    TOPIC = "topic"
    FAULT = "fault"


@dataclass(frozen=True)
class Verdict:
    """What to do after a query ended: wait and start it again, or stop with `advice`."""

    passes: bool
    advice: str
    cause: StopCause = StopCause.FAULT


_LOST = (
    "Kafka no longer has records that the ledger still needs (retention, or a topic recreated). "
    "Run scripts/reconcile to see which; let the producer fill the hole again, then start once "
    "with ACCEPT_LOST_OFFSETS=true, which counts the hole as lost in the ledger and goes on"
)
_CHECKPOINT = (
    "the checkpoint is damaged. Move CHECKPOINT_DIR away and start again: the job goes on from "
    "the ledger in PostgreSQL, and nothing is lost or duplicated"
)
_KAFKA = "Kafka is away; nothing is lost, the job goes on when it answers"
_RIGHT = (
    "Kafka does not let the stream's user read; nothing is lost, the job goes on when the user has "
    "the right Read on the topic (an ACL)"
)
_LOGIN = "Kafka does not take this connection any more; it is looked into now, and nothing is lost"
_UNKNOWN = (
    "the cause is not one that the job may wait out. Nothing is lost: the table and the ledger "
    "are as of the last commit, and the next start goes on from there"
)

_LOSS = r"KAFKA_DATA_LOSS|OffsetOutOfRange|[Ss]ome data may have been lost|OffsetGap"
_RULES = (
    (_LOSS, False, _LOST, StopCause.EXPIRED),
    (
        r"checkpoint file|Checksum error|CHECKPOINT|[Ii]ncomplete log file|[Mm]alformed log|"
        r"offset log|commit log|"
        r"OffsetSeqLog|batchId \d+ is corrupted|sources/0/0|metadata.*(JSON|json)",
        False,
        _CHECKPOINT,
        StopCause.CHECKPOINT,
    ),
    (r"AuthorizationException", True, _RIGHT, StopCause.FAULT),
    (r"AuthenticationException|KafkaSetupError", True, _LOGIN, StopCause.FAULT),
    (
        r"kafka\.common\.errors|TimeoutException|KafkaException|UnknownTopicOrPartition",
        True,
        _KAFKA,
        StopCause.FAULT,
    ),
)


def verdict(error_text: str) -> Verdict:
    """Return what the error of an ended query calls for."""
    for pattern, passes, advice, cause in _RULES:
        if re.search(pattern, error_text):
            return Verdict(passes, advice, cause)
    return Verdict(passes=False, advice=_UNKNOWN)


def is_loss(error_text: str) -> bool:
    """Return whether the error says that Kafka no longer has records that were asked for."""
    return re.search(_LOSS, error_text) is not None


# Spark and py4j put the cause beneath lines that only say where it was met.
_WRAPPING = re.compile(
    r"An error occurred while calling|Exception thrown in awaitResult|Job aborted due to stage|"
    r"Traceback \(most recent call last\):|Python worker|:$"
)
_IN_PYTHON = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(\S.*)")
_IN_JAVA = re.compile(r"^(?:Caused by)?: (\S.*)", re.MULTILINE)


def summary(error_text: str, limit: int = 300) -> str:
    """Return the line of an error that names its cause, cut to `limit` characters."""
    lines = (line.strip() for line in error_text.splitlines())
    first = next((line for line in lines if line), "no message")
    if _WRAPPING.search(first):
        causes = _IN_PYTHON.findall(error_text) or _IN_JAVA.findall(error_text)
        first = causes[-1].strip() if causes else first
    return first[:limit]
