"""Decides what has to be done: the topics as they should be and as they are in, steps out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from services.common.topics import Topic


class PartitionMismatch(Exception):  # noqa: N818 - it names what was found
    """A topic has another number of partitions than it should; the message says what to do."""


@dataclass(frozen=True)
class Existing:
    """A topic as the broker has it; `config` holds the values in force, defaults included."""

    partitions: int
    config: Mapping[str, str]
    replicas: int = 1


@dataclass(frozen=True)
class Plan:
    """What to create, and which configuration values to set on which topic."""

    create: tuple[Topic, ...]
    configure: Mapping[str, Mapping[str, str]]


def kept_safely(
    wanted: Iterable[Topic], replication_factor: int, min_insync_replicas: int
) -> tuple[Topic, ...]:
    """Return the topics with so many copies; 0 leaves that to the cluster."""
    safety = {"min.insync.replicas": str(min_insync_replicas)} if min_insync_replicas else {}
    return tuple(
        replace(
            topic,
            config={**topic.config, **safety},
            replication_factor=replication_factor or topic.replication_factor,
        )
        for topic in wanted
    )


def replica_mismatches(wanted: Iterable[Topic], existing: Mapping[str, Existing]) -> list[str]:
    """Return a line for each topic that has another number of copies than it should."""
    return [
        f"topic {topic.name} has {found.replicas} copies and should have "
        f"{topic.replication_factor}; only the cluster's own tools change that (reassignment)"
        for topic in wanted
        if (found := existing.get(topic.name)) is not None
        and topic.replication_factor > 0
        and found.replicas != topic.replication_factor
    ]


def plan(wanted: Iterable[Topic], existing: Mapping[str, Existing]) -> Plan:
    """Return the steps from `existing` (by topic name) to `wanted`; configuration values that
    `wanted` does not name stay as they are. Raises PartitionMismatch."""
    create = []
    configure = {}
    for topic in wanted:
        found = existing.get(topic.name)
        if found is None:
            create.append(topic)
            continue
        _require_partitions(topic, found)
        differing = {k: v for k, v in topic.config.items() if found.config.get(k) != v}
        if differing:
            configure[topic.name] = differing
    return Plan(tuple(create), configure)


def _require_partitions(topic: Topic, found: Existing) -> None:
    """More partitions would send a symbol's next bars elsewhere, past those still waiting."""
    if found.partitions != topic.partitions:
        raise PartitionMismatch(
            f"topic {topic.name} has {found.partitions} partitions and should have "
            f"{topic.partitions}; a topic in use keeps its partitions, since each symbol's order "
            "lives in one of them: let the stream read it to its end, delete it, and run this again"
        )
