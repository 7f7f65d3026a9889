-- Grain: one row per (symbol, interval, bar_time): the bars as they were stored at an instant, with
-- the columns of bi.events_stream; of a bar that has changed since, the value of that time.
--   updated_at   when that value was written; readers saw it once the batch had committed
--   observed_at  null where the value was seen again later: when it was seen before is not kept
--
-- A query of its own language and stable, so that the planner sees through it and a filter on
-- symbol and session_date reaches the keys. A revision counts, not an end: clocks are put back.
create or replace function bi.bars_as_of(instant timestamptz) returns setof bi.events_stream
language sql stable parallel safe
begin atomic
    select
        symbol,
        bar_time,
        interval,
        open,
        high,
        low,
        close,
        volume,
        session_date,
        source,
        freshness,
        adjusted,
        is_final,
        case when observed_at <= instant then observed_at end as observed_at,
        revision,
        inserted_at,
        updated_at,
        basis,
        session_part
    from bi.events_stream
    where updated_at <= instant
    union all
    select
        old.symbol,
        old.bar_time,
        old.interval,
        old.open,
        old.high,
        old.low,
        old.close,
        old.volume,
        old.session_date,
        old.source,
        old.freshness,
        old.adjusted,
        old.is_final,
        case when old.observed_at <= instant then old.observed_at end as observed_at,
        old.revision,
        old.inserted_at,
        old.updated_at,
        old.basis,
        old.session_part
    from bi.bar_revisions as old
    where
        old.updated_at <= instant
        and not exists (
            select from bi.bar_revisions as later
            where
                later.symbol = old.symbol
                and later.interval = old.interval
                and later.bar_time = old.bar_time
                and later.revision > old.revision
                and later.updated_at <= instant -- noqa: RF02
        )
        and not exists (
            select from bi.events_stream as present
            where
                present.symbol = old.symbol
                and present.interval = old.interval
                and present.bar_time = old.bar_time
                and present.updated_at <= instant -- noqa: RF02
        );
end;
