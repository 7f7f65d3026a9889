"""Counts what the pipeline lost, duplicated, falsified or left stale, against a model of it.

Pure. In: what was sent and acknowledged, what Kafka holds of it, and the rows of the database.
Out: findings; a sound pipeline has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from services.common.market.bar import Bar

Place = tuple[int, int]
"""Kafka partition and offset."""
Key = tuple[str, str]
"""Symbol and start of a bar."""
Value = tuple[Decimal, Decimal | None]
"""Close, and volume where the market tells one."""


@dataclass(frozen=True)
class Row:
    """A stored value: of the current table, or one that was replaced."""

    key: Key
    value: Value
    observed_at: datetime
    place: Place


@dataclass(frozen=True)
class Tables:
    """What the database holds of an episode; `refused` maps a place to the record's bytes."""

    current: Sequence[Row]
    replaced: Sequence[Row]
    refused: Mapping[Place, bytes]


@dataclass
class Findings:
    """What is wrong, each as one line."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how many findings there are of each kind."""
        return {kind: len(lines) for kind, lines in vars(self).items()}

    def lines(self) -> list[str]:
        """Return every finding with its kind."""
        return [f"{kind}: {line}" for kind, lines in vars(self).items() for line in lines]


def check(
    acknowledged: Iterable[bytes],
    topic: Mapping[Place, tuple[bytes, Bar | None]],
    tables: Tables,
) -> Findings:
    """Return the findings. `acknowledged` are the values whose sending succeeded; `topic` is what
    Kafka holds: the value and its bar, or None for a record that must be rejected."""
    findings = Findings()
    held = {value for value, _ in topic.values()}
    findings.lost += [f"acknowledged, not in Kafka: {value!r}" for value in {*acknowledged} - held]
    _check_refused(topic, tables, findings)
    _check_rows(topic, tables, findings)
    _check_winners(topic, tables, findings)
    return findings


def key_of(event: Bar) -> Key:
    """Return a bar's identity."""
    return event.symbol, event.exchange_time


def value_of(event: Bar) -> Value:
    """Return what tells a bar's value from all others."""
    volume = event.ohlcv.volume
    return Decimal(event.ohlcv.close), None if volume is None else Decimal(volume)


def _check_refused(
    topic: Mapping[Place, tuple[bytes, Bar | None]], tables: Tables, findings: Findings
) -> None:
    bad = {place: value for place, (value, event) in topic.items() if event is None}
    for place, value in bad.items():
        if place not in tables.refused:
            findings.lost.append(f"rejected record {place} was not kept: {value!r}")
        elif tables.refused[place] != value:
            findings.wrong.append(f"rejected record {place} was changed: {value!r}")
    findings.wrong += [f"good record {place} was rejected" for place in tables.refused.keys() - bad]


def _check_rows(
    topic: Mapping[Place, tuple[bytes, Bar | None]], tables: Tables, findings: Findings
) -> None:
    """Each stored value is one that was sent to its place, and is stored once."""
    rows = [*tables.current, *tables.replaced]
    for row in rows:
        _, event = topic.get(row.place, (b"", None))
        if event is None or (key_of(event), value_of(event)) != (row.key, row.value):
            findings.wrong.append(f"nobody sent {row}")
    for what, counted in (
        ("place", Counter(row.place for row in rows)),
        ("value", Counter((row.key, row.value) for row in rows)),
        ("bar", Counter(row.key for row in tables.current)),
    ):
        findings.duplicated += [
            f"{what} {item} is stored {count} times" for item, count in counted.items() if count > 1
        ]


def _check_winners(
    topic: Mapping[Place, tuple[bytes, Bar | None]], tables: Tables, findings: Findings
) -> None:
    """The current value of each bar is its newest observation; of equal ones the later offset."""
    winners: dict[Key, tuple[datetime, int, Bar]] = {}
    for (_, offset), (_, event) in topic.items():
        if event is not None:
            mark = (datetime.fromisoformat(event.observed_at), offset, event)
            key = key_of(event)
            winners[key] = max(winners.get(key, mark), mark, key=lambda each: each[:2])
    stored = {row.key: row for row in tables.current}
    for key, (seen, _, event) in winners.items():
        if key not in stored:
            findings.lost.append(f"bar {key} is not in the table")
        elif stored[key].value != value_of(event):
            findings.stale.append(
                f"bar {key} holds {stored[key]}, the newest is {value_of(event)} of {seen}"
            )
