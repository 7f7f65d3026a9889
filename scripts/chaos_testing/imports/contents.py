"""Counts and checksums of what was imported, the same for two databases that hold the same."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.chaos_testing.tables import Database

_BARS = """
select symbol, interval, bar_time, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, revision, kafka_partition, kafka_offset
from market.{} where kafka_partition < 0
"""
_QUERIES = {
    "bars": _BARS.format("events_stream"),
    "replaced values": _BARS.format("bar_revisions"),
    "refused rows": """
    select topic, kafka_partition, kafka_offset, key, value, reason from market.rejected_events
    where kafka_partition < 0
    """,
    "ledger": """
    select topic, topic_id, partition, first_offset, next_offset, stored, superseded, rejected, lost
    from market.sink_offsets where partition < 0
    """,
}


def imported(one: Database, other: Database) -> Iterator[tuple[str, str, str]]:
    """Yield what is compared, and how many of it each database holds, with the checksum of it."""
    for name, query in _QUERIES.items():
        yield name, one.checksum(query), other.checksum(query)
