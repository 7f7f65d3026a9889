"""Decides what has to be done: the topics as they should be and as they are in, steps out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.common.topics import Topic


class PartitionMismatch(Exception):  # noqa: N818 - it names what was found
    """A topic has another number of partitions than it should; the message says what to do."""


@dataclass(frozen=True)
class Existing:
    """A topic as the broker has it; `config` holds the values in force, defaults included."""

    partitions: int
    config: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """What to create, and which configuration values to set on which topic."""

    create: tuple[Topic, ...]
    configure: Mapping[str, Mapping[str, str]]


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
