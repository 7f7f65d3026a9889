"""The SQL of the corporate actions, each statement complete."""

from __future__ import annotations

from typing import Final

# The newest observation wins, then the higher offset. Equal values make no new version, but are as
# new as their last sighting: an older observation that arrives after it must lose.
MERGE: Final = """
insert into market.corporate_actions as action (
    symbol, kind, ex_date, number, numerator, denominator, amount, vendor_value, declaration_date,
    record_date, payment_date, is_withdrawn, source, observed_at, kafka_partition, kafka_offset
)
values (
    %s, %s, %s::date, %s, nullif(%s, '')::numeric, nullif(%s, '')::numeric,
    nullif(%s, '')::numeric, %s, nullif(%s, '')::date, nullif(%s, '')::date, nullif(%s, '')::date,
    %s, %s, %s::timestamptz, %s, %s
)
on conflict (symbol, kind, ex_date, number) do update set
    numerator = excluded.numerator, denominator = excluded.denominator, amount = excluded.amount,
    vendor_value = excluded.vendor_value, declaration_date = excluded.declaration_date,
    record_date = excluded.record_date, payment_date = excluded.payment_date,
    is_withdrawn = excluded.is_withdrawn, source = excluded.source,
    observed_at = excluded.observed_at, revision = action.revision + 1,
    updated_at = clock_timestamp(), kafka_partition = excluded.kafka_partition,
    kafka_offset = excluded.kafka_offset
where
    (excluded.observed_at, excluded.kafka_offset) > (action.observed_at, action.kafka_offset)
    and (
        action.numerator, action.denominator, action.amount, action.vendor_value,
        action.declaration_date, action.record_date, action.payment_date, action.is_withdrawn,
        action.source
    ) is distinct from (
        excluded.numerator, excluded.denominator, excluded.amount, excluded.vendor_value,
        excluded.declaration_date, excluded.record_date, excluded.payment_date,
        excluded.is_withdrawn, excluded.source
    )
returning revision
"""
SEE_AGAIN: Final = """
update market.corporate_actions set observed_at = %s::timestamptz
where symbol = %s and kind = %s and ex_date = %s::date and number = %s
    and observed_at < %s::timestamptz
"""

# The indicators of all bars from a split on look back across it. Who merges bars at this time has
# committed them before they are looked for here, or derives them with the split in sight.
AWAIT_MERGES: Final = "lock table market.indicator_work in share row exclusive mode"
# A session can begin days before its date, but not four.
MARK_INDICATORS: Final = """
insert into market.indicator_work (symbol, interval, from_time, until_time)
select series.symbol, series.interval, day - interval '4 days', day + interval '4 days'
from market.series as series
cross join cast(%s as date) as day
where series.symbol = %s
"""
