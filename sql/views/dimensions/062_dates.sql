-- Grain: one row per date from 2000 to the last one of the exchange calendar. Sessions and hours
-- are New York's; hours are null on a day without trade.
--   session_date   the date
--   year, quarter, month, day_of_month  its parts, as numbers
--   month_name, weekday_name  in English; sort by month and by iso_weekday
--   iso_week       week of the ISO year, 1 to 53
--   iso_weekday    1 is Monday
--   month_start    first date of its month
--   is_session     whether New York trades on it
create or replace view bi.dates as
select
    day.session_date,
    extract(year from day.session_date)::integer as year,
    extract(quarter from day.session_date)::integer as quarter,
    extract(month from day.session_date)::integer as month,
    trim(to_char(day.session_date, 'Month')) as month_name,
    extract(day from day.session_date)::integer as day_of_month,
    extract(week from day.session_date)::integer as iso_week,
    extract(isodow from day.session_date)::integer as iso_weekday,
    trim(to_char(day.session_date, 'Day')) as weekday_name,
    date_trunc('month', day.session_date::timestamp)::date as month_start,
    trade.session_date is not null as is_session,
    coalesce(trade.is_early_close, false) as is_early_close,
    trade.opens_at at time zone 'UTC' as opens_at_utc,
    trade.closes_at at time zone 'UTC' as closes_at_utc,
    trade.opens_at at time zone 'America/New_York' as opens_at_exchange,
    trade.closes_at at time zone 'America/New_York' as closes_at_exchange
from market.days as day
left join market.exchange_sessions as trade
    on day.session_date = trade.session_date and trade.exchange = 'XNYS'
where
    day.session_date >= date '2000-01-01'
    and day.session_date <= (
        select max(last.session_date) from market.exchange_sessions as last
        where last.exchange = 'XNYS'
    );
