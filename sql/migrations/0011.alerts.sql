-- Market alerts: rules, what they found, what is to be sent, and word of the bars that changed.

create schema alerts;
comment on schema alerts is
'Rules on bars, the alerts that came of them, and what is sent of those.';

create table alerts.rules (
    rule_id bigint generated always as identity primary key,
    name text not null,
    definition jsonb not null,
    origin text not null default 'file' check (origin in ('file', 'api')),
    from_time timestamptz not null,
    added_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz
);
-- A rule that is changed ends, and another one of its name begins.
create unique index rules_name_idx on alerts.rules (name) where ended_at is null;

comment on table alerts.rules is 'One row per rule that is, or was, in force.';
comment on column alerts.rules.definition is 'The rule as it was read.';
comment on column alerts.rules.from_time is
'It looks at bars that end after this instant of the market''s clock.';

create table alerts.events (
    event_id uuid not null unique,
    rule_id bigint not null references alerts.rules (rule_id),
    symbol text not null,
    interval text not null,
    bar_time timestamptz not null,
    session_date date not null,
    state text not null check (state in ('fired', 'held_back', 'retracted')),
    figures jsonb not null,
    is_late boolean not null,
    messages integer not null default 0,
    added_at timestamptz not null default clock_timestamp(),
    changed_at timestamptz not null default clock_timestamp(),
    primary key (rule_id, symbol, bar_time)
);
create index events_series_idx on alerts.events (symbol, interval, bar_time);

comment on table alerts.events is
'One row per (rule, symbol, bar_time) at which the rule''s condition holds, or held and was told.';
comment on column alerts.events.state is
'fired; held_back: the condition holds, and its frequency or cool-down keeps it quiet; retracted: '
'it was told, and the bars as they are now give none.';
comment on column alerts.events.is_late is
'Whether a later bar of the series was stored before this one, or this value of it.';
comment on column alerts.events.messages is 'How many messages told of it so far.';

create table alerts.deliveries (
    message_id text not null,
    receiver text not null,
    event_id uuid not null references alerts.events (event_id),
    number integer not null,
    body text not null,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'given_up')),
    tries integer not null default 0,
    next_try_at timestamptz not null default clock_timestamp(),
    added_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    last_error text,
    primary key (message_id, receiver)
);
create index deliveries_pending_idx
on alerts.deliveries (receiver, next_try_at) where state = 'pending';
create index deliveries_event_idx
on alerts.deliveries (event_id, receiver) where state = 'pending';

comment on table alerts.deliveries is
'The outbox: one row per message and receiver, added in the transaction of its event.';

-- As indicator_work: no key, so that merges only add rows and never wait.
create table alerts.work (
    symbol text not null,
    interval text not null,
    from_time timestamptz not null,
    until_time timestamptz not null,
    of_indicators boolean not null
);
comment on table alerts.work is
'Bars, or their indicators, that a transaction wrote in a series that a rule looks at; removed in '
'the transaction that has evaluated its rules.';

create table alerts.watched (
    symbol text not null,
    interval text not null,
    primary key (interval, symbol)
);
comment on table alerts.watched is
'The series that rules look at; an empty symbol stands for every one.';

create table alerts.watch (
    until_time timestamptz not null
);
comment on table alerts.watch is
'The one row says until when changes are noted: the service moves it on, so that the queue of one '
'that is gone does not grow for ever.';
insert into alerts.watch (until_time) values ('1970-01-01 00:00Z');

create function alerts.is_watched(a_symbol text, an_interval text) returns boolean
language sql stable set search_path = '' as $$
    select exists (
        select from alerts.watched as watched
        where watched.interval = an_interval and watched.symbol in (a_symbol, '')
    )
$$;

-- The queue of the indicators tells both: a mark that is added, of bars that were written; one that
-- is removed, of indicators that were.
create function alerts.note_bars() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if current_setting('tapeline.folding', true) = 'on'
        or not exists (select from alerts.watch where until_time > clock_timestamp())
    then
        return null;
    end if;
    insert into alerts.work (symbol, interval, from_time, until_time, of_indicators)
    select symbol, interval, min(from_time), max(until_time), false from written
    where alerts.is_watched(symbol, interval)
    group by symbol, interval;
    if found then
        perform pg_notify('alerts', '');
    end if;
    return null;
end
$$;

create function alerts.note_indicators() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if current_setting('tapeline.folding', true) = 'on'
        or not exists (select from alerts.watch where until_time > clock_timestamp())
    then
        return null;
    end if;
    insert into alerts.work (symbol, interval, from_time, until_time, of_indicators)
    select symbol, interval, min(from_time), '9999-12-30 00:00Z', true from derived
    where alerts.is_watched(symbol, interval)
    group by symbol, interval;
    if found then
        perform pg_notify('alerts', '');
    end if;
    return null;
end
$$;
revoke execute on function alerts.note_bars() from public;
revoke execute on function alerts.note_indicators() from public;
revoke execute on function alerts.is_watched(text, text) from public;

create trigger note_bars
after insert on market.indicator_work
referencing new table as written
for each statement execute function alerts.note_bars();

create trigger note_indicators
after delete on market.indicator_work
referencing old table as derived
for each statement execute function alerts.note_indicators();

grant usage on schema alerts, market, bi to alerts_service;
grant select, insert, update, delete on alerts.rules, alerts.events, alerts.deliveries,
alerts.work, alerts.watched, alerts.watch to alerts_service;
grant select on market.indicator_work, market.events_stream, market.bar_indicators
to alerts_service;
