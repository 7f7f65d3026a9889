"""Compares what a market says of itself with what Kafka and the table hold of it.

Pure. In: the source's own full answer, the records of the topic, the rows of the table. Out:
findings; a sound pipeline has none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from scripts.chaos_testing.checker import Findings, Key, Place
from services.common.market.bar import Bar, Ohlcv

Values = tuple[Decimal, Decimal, Decimal, Decimal, Decimal]
"""Open, high, low, close and volume."""
_FIELDS = ("1. open", "2. high", "3. low", "4. close", "5. volume")


@dataclass(frozen=True)
class StoredBar:
    """A row of the table; the key's time is the exchange's own."""

    key: Key
    values: Values
    place: Place


def check_market(
    answer: Mapping[Key, Values],
    topic: Mapping[Place, Bar | None],
    table: Sequence[StoredBar],
    until: str,
) -> Findings:
    """Return the findings on the bars that began before the exchange time `until`. A record that
    is no bar counts as None in `topic`."""
    findings = Findings()
    findings.wrong += [f"record {place} is no bar" for place, bar in topic.items() if bar is None]
    _check_topic(_before(answer, until), topic, findings)
    _check_table(_before(answer, until), topic, table, findings)
    return findings


def agrees(answer: Mapping[Key, Values], table: Sequence[StoredBar], until: str) -> bool:
    """Return whether the table holds what the answer says of bars before `until`."""
    stored = {row.key: row.values for row in table}
    return all(stored.get(key) == values for key, values in _before(answer, until).items())


def bars_of(symbol: str, series: Mapping[str, Mapping[str, str]]) -> dict[Key, Values]:
    """Return the bars of a series as the market's API tells it."""
    return {(symbol, label): _values(fields) for label, fields in series.items()}


def bar_of(value: bytes | None) -> Bar | None:
    """Return what a record holds, or None if it is no bar."""
    try:
        fields = json.loads(value or b"")
        return Bar(**{**fields, "ohlcv": Ohlcv(**fields["ohlcv"])})
    except (ValueError, KeyError, TypeError):
        return None


def values_of(bar: Bar) -> Values:
    """Return a bar's numbers."""
    ohlcv = bar.ohlcv
    prices = (Decimal(text) for text in (ohlcv.open, ohlcv.high, ohlcv.low, ohlcv.close))
    opened, high, low, close = prices
    return opened, high, low, close, Decimal(ohlcv.volume or 0)


def _values(fields: Mapping[str, str]) -> Values:
    opened, high, low, close, volume = (fields[name] for name in _FIELDS)
    return Decimal(opened), Decimal(high), Decimal(low), Decimal(close), Decimal(volume)


def _before(answer: Mapping[Key, Values], until: str) -> dict[Key, Values]:
    return {key: values for key, values in answer.items() if key[1] < until}


def _check_topic(
    answer: Mapping[Key, Values], topic: Mapping[Place, Bar | None], findings: Findings
) -> None:
    newest: dict[Key, tuple[datetime, int, Values]] = {}
    for (_, offset), bar in topic.items():
        if bar is not None:
            key = (bar.symbol, bar.exchange_time)
            mark = (datetime.fromisoformat(bar.observed_at), offset, values_of(bar))
            newest[key] = max(newest.get(key, mark), mark)
    for key, values in answer.items():
        if key not in newest:
            findings.lost.append(f"bar {key} is not in Kafka")
        elif newest[key][2] != values:
            findings.stale.append(f"Kafka's newest of {key} is {newest[key]}, it is {values}")


def _check_table(
    answer: Mapping[Key, Values],
    topic: Mapping[Place, Bar | None],
    table: Sequence[StoredBar],
    findings: Findings,
) -> None:
    stored: dict[Key, Values] = {}
    for row in table:
        if row.key in stored:
            findings.duplicated.append(f"bar {row.key} is stored more than once")
        stored[row.key] = row.values
        sent = topic.get(row.place)
        if sent is None or ((sent.symbol, sent.exchange_time), values_of(sent)) != (
            row.key,
            row.values,
        ):
            findings.wrong.append(f"nobody sent {row}")
    for key, values in answer.items():
        if key not in stored:
            findings.lost.append(f"bar {key} is not in the table")
        elif stored[key] != values:
            findings.stale.append(f"the table's {key} is {stored[key]}, it is {values}")
