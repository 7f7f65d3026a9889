-- Every record below next_offset was stored, superseded, rejected or lost.
select
    topic,
    partition,
    next_offset - first_offset as records,
    stored + superseded + rejected + lost as accounted
from market.sink_offsets
where next_offset - first_offset <> stored + superseded + rejected + lost
