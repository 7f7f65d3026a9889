"""The SQL of the quotes, each statement complete."""

from __future__ import annotations

from typing import Final

# The newest trade wins, then the newest observation of it, then the higher offset. What is equal
# writes nothing.
MERGE: Final = """
insert into market.quotes as quote (
    symbol, quote_time, session_date, open, high, low, close, volume, previous_close,
    extended_hours_price, source, freshness, observed_at, kafka_partition, kafka_offset
)
select * from unnest(
    %s::text[], %s::timestamptz[], %s::date[], %s::numeric[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::text[], %s::text[],
    %s::timestamptz[], %s::integer[], %s::bigint[]
)
on conflict (symbol) do update set
    quote_time = excluded.quote_time, session_date = excluded.session_date, open = excluded.open,
    high = excluded.high, low = excluded.low, close = excluded.close, volume = excluded.volume,
    previous_close = excluded.previous_close,
    extended_hours_price = excluded.extended_hours_price, source = excluded.source,
    freshness = excluded.freshness, observed_at = excluded.observed_at,
    updated_at = clock_timestamp(), kafka_partition = excluded.kafka_partition,
    kafka_offset = excluded.kafka_offset
where
    (excluded.quote_time, excluded.observed_at, excluded.kafka_offset)
    > (quote.quote_time, quote.observed_at, quote.kafka_offset)
    and (
        quote.quote_time, quote.open, quote.high, quote.low, quote.close, quote.volume,
        quote.previous_close, quote.extended_hours_price, quote.source
    ) is distinct from (
        excluded.quote_time, excluded.open, excluded.high, excluded.low, excluded.close,
        excluded.volume, excluded.previous_close, excluded.extended_hours_price, excluded.source
    )
returning symbol, xmax = 0 as is_new
"""
