-- Grain: one row per (reason, day): how many records were refused. No payload is shown.
create or replace view bi.rejected_by_reason as
select
    reason,
    (rejected_at at time zone 'UTC')::date as rejected_on_utc,
    count(*) as records,
    max(rejected_at) as last_rejected_at
from market.rejected_events
group by reason, (rejected_at at time zone 'UTC')::date;
