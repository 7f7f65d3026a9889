"""Picks the bars of an answer that are new or changed and makes records of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.common.market.bar import Bar
from services.producer.alpha_vantage.parse import fingerprint
from services.producer.publishing.delivery import Record
from services.producer.series import Series


@dataclass(frozen=True)
class Intake:
    """The records to publish, oldest first, and those that are too large for any broker."""

    records: tuple[Record, ...]
    too_large: tuple[Record, ...]


def take_in(
    series: Series,
    bars: Sequence[Bar],
    known: Mapping[str, bytes],
    max_record_bytes: int,
) -> Intake:
    """Return the records for the bars whose content differs from `known` (by exchange time)."""
    records, too_large, key = list[Record](), list[Record](), series.symbol.encode()
    for bar in bars:
        mark = fingerprint(bar)
        if known.get(bar.exchange_time) == mark:
            continue
        value = bar.to_json()
        fits = len(key) + len(value) <= max_record_bytes
        record = Record(series, bar.exchange_time, mark, key, value, bar.observed_at)
        (records if fits else too_large).append(record)
    return Intake(tuple(records), tuple(too_large))
