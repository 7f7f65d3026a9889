-- Grain: one row per (symbol, interval, bar_time): the bars of each session.
create or replace view market.session_bars as
select
    session.symbol,
    session.interval,
    session.session_date,
    session.minutes,
    bar.bar_time,
    bar.bar_time at time zone 'UTC' as bar_time_utc,
    bar.bar_time at time zone session.time_zone as bar_time_exchange,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.source,
    bar.freshness,
    bar.basis,
    bar.basis <> 'raw' as adjusted,
    bar.is_final,
    bar.observed_at,
    bar.revision,
    bar.inserted_at,
    market.session_part(
        bar.bar_time,
        session.minutes,
        session.opens_at,
        session.closes_at,
        session.night_ends_at
    ) as session_part,
    session.opens_at,
    session.closes_at,
    session.regular_minutes,
    -- Until when it tells of trade: its end, or, as long as it is not final, when it was seen, by
    -- the market clock of its source (a day's way back is enough: it is bounded for its range).
    case
        when bar.is_final and session.minutes = 1440 then coalesce(session.closes_at, bar.bar_time)
        when bar.is_final then bar.bar_time + session.minutes * interval '1 minute'
        else greatest(
            bar.bar_time,
            least(
                coalesce(
                    (
                        select
                            clock.present
                            - least(now() - bar.observed_at, interval '1 day') * clock.speed
                        from market.present_of_sources as clock
                        where clock.source = bar.source
                    ),
                    bar.observed_at
                ),
                case
                    when session.minutes = 1440 then session.closes_at
                    else bar.bar_time + session.minutes * interval '1 minute'
                end
            )
        )
    end as tells_until
from market.sessions_of_series as session
cross join
    lateral ( -- noqa: ST05
        select stored.* from market.events_stream as stored
        where
            (stored.symbol, stored.interval, stored.bar_time)
            >= (session.symbol, session.interval, session.begins_at)
            and (stored.symbol, stored.interval, stored.bar_time)
            < (session.symbol, session.interval, session.ends_at)
            and stored.session_date = session.session_date
        order by stored.symbol desc, stored.interval desc, stored.bar_time desc
        limit 3000
    ) as bar;
