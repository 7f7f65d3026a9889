-- Every record that the ledger calls stored is a current bar or corporate action, or a replaced
-- one. Of quotes only the newest is kept.
with kept as (
    select
        false as is_action,
        kafka_partition,
        kafka_offset
    from market.events_stream
    union all
    select
        false as is_action,
        kafka_partition,
        kafka_offset
    from market.bar_revisions
    union all
    select
        true as is_action,
        kafka_partition,
        kafka_offset
    from market.corporate_actions
    union all
    select
        true as is_action,
        kafka_partition,
        kafka_offset
    from market.corporate_action_revisions
)

select
    ledger.topic,
    ledger.partition,
    ledger.stored,
    count(kept.kafka_offset) as kept
from market.sink_offsets as ledger
left join kept
    on
        kept.is_action = (ledger.topic = 'market.corporate_actions')
        and ledger.partition = kept.kafka_partition
        and ledger.first_offset <= kept.kafka_offset
        and ledger.next_offset > kept.kafka_offset
where ledger.topic <> 'market.quotes'
group by ledger.topic, ledger.partition, ledger.stored
having ledger.stored <> count(kept.kafka_offset)
