"""Twelve bars of one series, and the roles that may read them and write nothing."""

from __future__ import annotations

READERS = ("dashboard_service", "dashboard_reader", "powerbi_reader")

BARS = """
insert into market.events_stream (
    symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, kafka_partition, kafka_offset
)
select
    'AAPL', timestamptz '2025-11-06 14:30Z' + number * interval '1 minute', '1min', 2, 3, 1, 2.5,
    number, '2025-11-06', 'alphavantage', 'realtime', 'raw', true, now(), 0, number
from generate_series(1, 12) as number
"""
