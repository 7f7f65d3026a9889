-- Grain: one row per rule of alerts that is in force.
--   rule_id            its number; a rule that is changed gets another one
--   rule               its name
--   origin             file: of the YAML file; api: made on the page or by the API
--   symbols            the symbols that it looks at, with commas between them; or all
--   definition         the rule as JSON
--   from_time          it looks at bars that end after this instant of the market's clock
--   added_at           when it came into force
--   alerts             how many alerts it has given that still stand
--   last_alert_bar_time  start of the newest bar of those
create or replace view bi.alert_rules as
select
    stored.rule_id,
    stored.name as rule,
    stored.origin,
    case jsonb_typeof(stored.definition -> 'symbols')
        when 'array'
            then (
                select string_agg(one, ', ')
                from jsonb_array_elements_text(stored.definition -> 'symbols') as one
            )
        else stored.definition ->> 'symbols'
    end as symbols,
    stored.definition ->> 'interval' as interval,
    stored.definition::text as definition,
    stored.from_time,
    stored.added_at,
    coalesce(given.alerts, 0) as alerts,
    given.last_alert_bar_time
from alerts.rules as stored
cross join
    lateral (
        select
            count(*) as alerts,
            max(event.bar_time) as last_alert_bar_time
        from alerts.events as event
        where event.rule_id = stored.rule_id and event.state = 'fired'
    ) as given
where stored.ended_at is null;

-- Grain: one row per (rule, symbol, bar_time): an alert that was told, also of a rule that is no
-- longer in force.
--   rule_id            the number of its rule
--   rule               the name of its rule
--   state              fired; retracted: bars as they are now give none
--   figures            what made the condition hold, as JSON
--   is_late            whether a later bar of the series was stored before
--   messages           how many messages told each receiver of it so far
--   fired_at           when it was first found
--   changed_at         when its state last changed
create or replace view bi.alerts as
select
    event.rule_id,
    stored.name as rule,
    event.symbol,
    event.interval,
    event.bar_time,
    event.session_date,
    event.state,
    event.figures::text as figures,
    event.is_late,
    event.messages,
    event.added_at as fired_at,
    event.changed_at
from alerts.events as event
inner join alerts.rules as stored on event.rule_id = stored.rule_id
where event.state in ('fired', 'retracted');
