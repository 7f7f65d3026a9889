"""The SQL of the alerts, each statement complete."""

from __future__ import annotations

from typing import Final

from services.alerts.rules.bars import INDICATORS

TRY_LOCK: Final = "select pg_try_advisory_lock(%s, %s)"
REQUESTS: Final = "alert_requests"
"""The channel that tells of requests."""
LISTEN: Final = ("listen alerts", f"listen {REQUESTS}")

TAKE_WORK: Final = """
with taken as (
    delete from alerts.work
    where ctid = any (array(select ctid from alerts.work order by from_time desc limit %s))
    returning *
)
select symbol, interval, of_indicators, min(from_time), max(until_time)
from taken group by symbol, interval, of_indicators order by symbol, interval, of_indicators
"""
ADD_WORK: Final = """
insert into alerts.work (symbol, interval, of_indicators, from_time, until_time)
select * from unnest(%s::text[], %s::text[], %s::boolean[], %s::timestamptz[], %s::timestamptz[])
"""

_SOURCES: Final = {
    "as_traded": ("market.events_stream", "market.bar_indicators"),
    "split_adjusted": ("bi.events_stream_split_adjusted", "bi.bar_indicators_split_adjusted"),
    "total_return": ("bi.events_stream_total_return", "bi.bar_indicators_total_return"),
}
_BAR: Final = """
select
    bar.bar_time, bar.session_date, bar.open::float8 as open, bar.high::float8 as high,
    bar.low::float8 as low, bar.close::float8 as close, bar.volume::float8 as volume,
    bar.inserted_at, bar.updated_at
from {bars} as bar
where bar.symbol = span.symbol and bar.interval = span.interval
"""
_WINDOWS: Final = """
select span.number, work.unsettled_from, bar.*{derived_columns}
from unnest(
    %(symbols)s::text[], %(intervals)s::text[], %(from_times)s::timestamptz[],
    %(until_times)s::timestamptz[], %(since_times)s::timestamptz[], %(lookbacks)s::integer[]
) with ordinality as span (
    symbol, interval, from_time, until_time, since_time, lookback, number
)
cross join lateral (
    select min(mark.from_time) as unsettled_from from market.indicator_work as mark
    where mark.symbol = span.symbol and mark.interval = span.interval
) as work
cross join lateral (
    ({bar} and bar.bar_time >= span.since_time and bar.bar_time < span.from_time
     order by bar.bar_time desc limit span.lookback)
    union all
    ({bar} and bar.bar_time between span.from_time and span.until_time
     order by bar.bar_time limit %(most)s + 1)
    union all
    ({bar} and bar.bar_time > span.until_time order by bar.bar_time limit span.lookback)
) as bar
{derived}
order by span.number, bar.bar_time
"""
_DERIVED: Final = """
left join lateral (
    select {columns} from {indicators} as derived
    where derived.symbol = span.symbol and derived.interval = span.interval
        and derived.bar_time = bar.bar_time
) as derived on true
"""


def windows(basis: str, *, with_indicators: bool) -> str:
    """Return the query for the bars of spans, on a basis."""
    bars, indicators = _SOURCES[basis]
    columns = [
        "sma_20 as bollinger_middle_20" if name == "bollinger_middle_20" else name
        for name in INDICATORS
    ]
    derived = _DERIVED.format(
        columns=", ".join(f"derived.{one}" for one in columns), indicators=indicators
    )
    return _WINDOWS.format(
        bar=_BAR.format(bars=bars),
        derived=derived if with_indicators else "",
        derived_columns=", derived.*" if with_indicators else "",
    )


_EVENT: Final = """
event.rule_id, event.symbol, event.interval, event.bar_time, event.session_date, event.state,
event.figures, event.is_late, event.messages
"""
EVENTS: Final = f"""
select {_EVENT}
from unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    as span (symbol, interval, from_time, until_time)
inner join alerts.events as event
    on event.symbol = span.symbol and event.interval = span.interval
    and event.bar_time between span.from_time and span.until_time
"""
HISTORY: Final = f"""
select {_EVENT}
from unnest(%s::bigint[], %s::text[], %s::timestamptz[]) as place (rule_id, symbol, since)
cross join lateral (
    (
        select * from alerts.events
        where rule_id = place.rule_id and symbol = place.symbol and bar_time < place.since
            and state = 'fired'
        order by bar_time desc limit 1
    )
    union all
    (
        select * from alerts.events
        where rule_id = place.rule_id and symbol = place.symbol and bar_time >= place.since
    )
) as event
"""
KEEP_EVENTS: Final = """
insert into alerts.events as kept (
    event_id, rule_id, symbol, interval, bar_time, session_date, state, figures, is_late, messages
)
select * from unnest(
    %s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::date[], %s::text[],
    %s::jsonb[], %s::boolean[], %s::integer[]
)
on conflict (rule_id, symbol, bar_time) do update set
    state = excluded.state, figures = excluded.figures, messages = excluded.messages,
    changed_at = clock_timestamp()
"""
REMOVE_EVENTS: Final = """
delete from alerts.events as event
using unnest(%s::bigint[], %s::text[], %s::timestamptz[]) as gone (rule_id, symbol, bar_time)
where event.rule_id = gone.rule_id and event.symbol = gone.symbol
    and event.bar_time = gone.bar_time
"""
ADD_DELIVERIES: Final = """
insert into alerts.deliveries (message_id, receiver, event_id, number, body)
select * from unnest(%s::text[], %s::text[], %s::uuid[], %s::integer[], %s::text[])
on conflict (message_id, receiver) do nothing
"""

# Of one alert a later message never overtakes an earlier one.
DUE: Final = """
select message_id, body, tries, added_at
from alerts.deliveries as due
where receiver = %s and state = 'pending' and next_try_at <= clock_timestamp()
    and not exists (
        select from alerts.deliveries as earlier
        where earlier.event_id = due.event_id and earlier.receiver = due.receiver
            and earlier.state = 'pending' and earlier.number < due.number
    )
order by next_try_at, added_at limit %s
"""
NEXT_DUE: Final = """
select extract(epoch from min(next_try_at) - clock_timestamp())::float8
from alerts.deliveries where receiver = %s and state = 'pending'
"""
DELIVERED: Final = """
update alerts.deliveries set
    state = 'delivered', tries = tries + 1, ended_at = clock_timestamp(), last_error = null
where receiver = %s and message_id = any (%s)
"""
FAILED: Final = """
update alerts.deliveries set
    tries = tries + 1,
    last_error = %(error)s,
    next_try_at = clock_timestamp() + make_interval(secs => %(wait_seconds)s),
    state = case
        when added_at < clock_timestamp() - make_interval(secs => %(give_up_seconds)s)
            then 'given_up' else state
    end,
    ended_at = case
        when added_at < clock_timestamp() - make_interval(secs => %(give_up_seconds)s)
            then clock_timestamp() else ended_at
    end
where receiver = %(receiver)s and message_id = %(message_id)s
returning state = 'given_up'
"""
END_UNSERVED: Final = """
with ended as (
    update alerts.deliveries set
        state = 'given_up', ended_at = clock_timestamp(), last_error = %(reason)s
    where state = 'pending' and receiver <> all (%(receivers)s)
    returning receiver
)
select receiver, count(*) from ended group by receiver order by receiver
"""
PENDING: Final = """
select receiver, count(*), extract(epoch from clock_timestamp() - min(added_at))::float8
from alerts.deliveries where state = 'pending' group by receiver
"""
WAITING_WORK: Final = "select count(*) from alerts.work"
FORGET: Final = """
delete from alerts.deliveries where ended_at < clock_timestamp() - make_interval(days => %s)
"""

PRESENT: Final = "select coalesce(min(present), now()) from market.present_of_sources"
ACTIVE_RULES: Final = """
select rule_id, name, definition, from_time from alerts.rules
where ended_at is null and origin = %s
"""
END_RULES: Final = """
update alerts.rules set ended_at = clock_timestamp() where rule_id = any (%s)
"""
END_NAMESAKES: Final = """
update alerts.rules set ended_at = clock_timestamp()
where ended_at is null and name = any (%s) and origin <> %s
"""
COUNT_RULES: Final = "select count(*) from alerts.rules where origin = %s and ended_at is null"
ORIGIN_OF_RULE: Final = "select origin from alerts.rules where rule_id = %s and ended_at is null"
RULE_NAMED: Final = "select rule_id from alerts.rules where name = %s and ended_at is null"
ADD_RULES: Final = """
insert into alerts.rules (name, definition, from_time, origin)
select name, definition, %s, %s from unnest(%s::text[], %s::jsonb[]) as given (name, definition)
returning rule_id, name, from_time
"""
WATCH: Final = """
with gone as (delete from alerts.watched where (interval, symbol) not in (
    select * from unnest(%(intervals)s::text[], %(symbols)s::text[])
))
insert into alerts.watched (interval, symbol)
select * from unnest(%(intervals)s::text[], %(symbols)s::text[])
on conflict do nothing
"""
EXTEND_WATCH: Final = """
update alerts.watch set until_time = greatest(until_time, clock_timestamp() + interval '3 days')
"""
# What was stored while nobody noted it. It reads all bars once; nothing else makes it necessary.
LAPSED: Final = (
    "select until_time from alerts.watch where until_time < clock_timestamp() for update"
)
CATCH_UP: Final = """
insert into alerts.work (symbol, interval, of_indicators, from_time, until_time)
select bar.symbol, bar.interval, derived, min(bar.bar_time), '9999-12-30 00:00Z'
from market.events_stream as bar
cross join unnest(array[false, true]) as derived
where bar.updated_at >= %s - interval '1 minute'
    and bar.bar_time >= (
        select min(from_time) - interval '1 day' from alerts.rules where ended_at is null
    )
    and exists (
        select from alerts.watched as watched
        where watched.interval = bar.interval and watched.symbol in (bar.symbol, '')
    )
group by bar.symbol, bar.interval, derived
"""
