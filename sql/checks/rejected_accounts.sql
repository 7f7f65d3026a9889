-- Every record that the ledger calls rejected stands in rejected_events with its bytes.
select
    ledger.topic,
    ledger.partition,
    ledger.rejected,
    count(refused.kafka_offset) as kept
from market.sink_offsets as ledger
left join market.rejected_events as refused
    on
        ledger.topic = refused.topic
        and ledger.partition = refused.kafka_partition
        and ledger.first_offset <= refused.kafka_offset
        and ledger.next_offset > refused.kafka_offset
group by ledger.topic, ledger.partition, ledger.rejected
having ledger.rejected <> count(refused.kafka_offset)
