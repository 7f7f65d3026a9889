-- Grain: one row per Kafka partition; how far the sink has come and what became of the records.
--   topic, partition  of Kafka
--   first_offset      where the ledger begins
--   next_offset       below it every record is accounted for
--   stored            records that made or changed a row
--   superseded        records that changed none: a newer observation, or the same, was there
--   rejected          records that were refused
--   lost              records that Kafka removed before they were read
--   updated_at        when the ledger moved last
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
