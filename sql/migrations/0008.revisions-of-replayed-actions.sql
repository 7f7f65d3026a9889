-- A corporate action that is restored by a replay, after its row was deleted, counts its revisions
-- from 1 again: a replaced value is known by the record that it came with, and kept once.
alter table market.corporate_action_revisions
drop constraint corporate_action_revisions_pkey,
add primary key (symbol, kind, ex_date, number, kafka_partition, kafka_offset);

create or replace function market.keep_replaced_action() returns trigger
language plpgsql as $$
begin
    insert into market.corporate_action_revisions select old.* on conflict do nothing;
    return null;
end
$$;
