-- Grain: one row per Kafka partition; how far the sink has come and what became of the records.
create or replace view bi.sink_status as
select
    topic,
    partition,
    first_offset,
    next_offset,
    stored,
    superseded,
    rejected,
    lost,
    updated_at
from market.sink_offsets;
