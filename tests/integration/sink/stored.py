"""What the sink has stored, as tests compare it."""

from __future__ import annotations

import pytest

from services.stream.sink.batch import Applied

BARS = """
select symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, revision, kafka_partition, kafka_offset
from market.events_stream order by symbol, interval, bar_time
"""

LEDGER = """
select partition, first_offset, next_offset, stored, superseded, rejected, lost
from market.sink_offsets order by partition
"""

paths = pytest.mark.parametrize(
    "driver_rows", [5000, 0], ids=["through the driver", "through the executors"]
)


def counts(applied: Applied) -> tuple[int, int, int, int]:
    return applied.stored, applied.superseded, applied.rejected, applied.lost
