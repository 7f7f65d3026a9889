-- A corporate action changes what bars from its day on are compared with, on the adjusted bases. Of
-- a split the indicators' queue would tell too; of a dividend nothing else does.

create function alerts.note_action() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if not exists (select from alerts.watch where until_time > clock_timestamp()) then
        return null;
    end if;
    -- A session can begin days before its date, but not four. No rule looks at what is older.
    insert into alerts.work (symbol, interval, from_time, until_time, of_indicators)
    select
        series.symbol,
        series.interval,
        greatest(
            (new.ex_date - interval '4 days') at time zone 'UTC',
            (
                select min(rules.from_time) - interval '7 days' from alerts.rules as rules
                where rules.ended_at is null
            )
        ),
        '9999-12-30 00:00Z',
        false
    from market.series as series
    where series.symbol = new.symbol and alerts.is_watched(series.symbol, series.interval);
    if found then
        perform pg_notify('alerts', '');
    end if;
    return null;
end
$$;
revoke execute on function alerts.note_action() from public;

-- What is only seen again names none of these columns.
create trigger note_action
after insert or update of numerator, denominator, amount, is_withdrawn on market.corporate_actions
for each row execute function alerts.note_action();
