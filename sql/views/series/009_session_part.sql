-- The part of its trade date in which a bar starts: overnight, pre, regular or post. A bar in which
-- regular hours begin is regular, and so is a day. Null where the session's hours are not known.
create or replace function market.session_part(
    bar_time timestamptz,
    minutes integer,
    opens_at timestamptz,
    closes_at timestamptz,
    night_ends_at timestamptz
) returns text
language sql stable parallel safe
return case
    when minutes = 1440 then 'regular'
    when opens_at is null then null
    when bar_time >= closes_at then 'post'
    when bar_time + minutes * interval '1 minute' > opens_at then 'regular'
    when bar_time < night_ends_at then 'overnight'
    else 'pre'
end;

-- Until when nights are traded in a session, where they are.
create or replace function market.night_ends_at(symbol text, session_date date) returns timestamptz
language sql stable parallel safe
return (
    session_date + market.night_ends(market.exchange(symbol))
) at time zone market.time_zone(symbol);
