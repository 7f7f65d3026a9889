"""The Kafka topics of the pipeline: names, partitions and how long they keep what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Topic:
    """A topic as it is created: partitions, replicas (-1: as many as the cluster makes by itself)
    and broker-side configuration."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)
    replication_factor: int = -1


BARS = Topic(
    name="market.bars",
    partitions=6,
    config={
        "retention.ms": str(30 * _DAY_MS),
        "retention.bytes": str(2 * 1024**3),  # a partition
        "segment.bytes": str(128 * 1024**2),
        "cleanup.policy": "delete",
        "message.timestamp.type": "CreateTime",
    },
)
"""Every bar that the producer published; key: the symbol, value: `Bar.to_json()`."""

REJECTED = Topic(
    name="market.bars.rejected",
    partitions=1,
    config={
        "retention.ms": str(30 * _DAY_MS),
        "retention.bytes": str(1024**3),
        "segment.bytes": str(128 * 1024**2),
        "cleanup.policy": "delete",
        # A rejected record carries headers on top of a value that was just small enough.
        "max.message.bytes": str(2 * 1024**2),
    },
)
"""Records that the stream refused; key and value bytes untouched, the reason in headers."""

ACTIONS = Topic(
    name="market.corporate_actions",
    partitions=1,
    config={
        # They are few, and a replay is to reach the first of them.
        "retention.ms": "-1",
        "retention.bytes": str(1024**3),
        "segment.bytes": str(128 * 1024**2),
        "cleanup.policy": "delete",
        "message.timestamp.type": "CreateTime",
    },
)
"""Every split, spin-off and dividend that is new or changed; `CorporateAction.to_json()`."""

REJECTED_ACTIONS = Topic(
    name="market.corporate_actions.rejected",
    partitions=1,
    config=REJECTED.config,
)
"""What the stream refused of them, likewise."""

QUOTES = Topic(
    name="market.quotes",
    partitions=2,
    config={
        # Only the newest of a symbol counts; a day's are kept so that a replay can restore it.
        "retention.ms": str(3 * _DAY_MS),
        "retention.bytes": str(2 * 1024**3),  # a partition
        "segment.bytes": str(128 * 1024**2),
        "cleanup.policy": "delete",
        "message.timestamp.type": "CreateTime",
    },
)
"""Every quote that is new or changed; key: the symbol, value: `Quote.to_json()`."""

REJECTED_QUOTES = Topic(
    name="market.quotes.rejected",
    partitions=1,
    config=REJECTED.config,
)
"""What the stream refused of them, likewise."""

ALL = (BARS, REJECTED, ACTIONS, REJECTED_ACTIONS, QUOTES, REJECTED_QUOTES)
