-- What people ask of the alerts by the data API: rules of their own, and how often one would have
-- fired. The dashboard asks here and the service answers; neither knows an address of the other.

create table alerts.requests (
    request_id bigint generated always as identity primary key,
    kind text not null check (kind in ('options', 'add', 'change', 'end', 'count')),
    body text not null check (length(body) <= 65536),
    asked_at timestamptz not null default clock_timestamp(),
    answer jsonb
);
comment on table alerts.requests is
'One row per request of the data API that is not answered yet, or whose answer nobody has taken.';
create index requests_open_idx on alerts.requests (request_id) where answer is null;

create function alerts.ask(a_kind text, a_body text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
    given bigint;
begin
    if (select count(*) from alerts.requests where answer is null) >= 20 then
        raise exception 'too many requests of alerts wait';
    end if;
    insert into alerts.requests (kind, body) values (a_kind, a_body)
    returning request_id into given;
    perform pg_notify('alert_requests', '');
    return given;
end
$$;
comment on function alerts.ask(text, text) is
'Asks the service; the number of the request is returned.';

create function alerts.take_answer(a_request_id bigint) returns jsonb
language sql security definer set search_path = '' as $$
    delete from alerts.requests where request_id = a_request_id and answer is not null
    returning answer
$$;
comment on function alerts.take_answer(bigint) is
'Returns an answer once; null while there is none.';

revoke execute on function alerts.ask(text, text) from public;
revoke execute on function alerts.take_answer(bigint) from public;
grant usage on schema alerts to dashboard_service;
grant execute on function alerts.ask(text, text), alerts.take_answer(bigint) to dashboard_service;
grant select, update, delete on alerts.requests to alerts_service;
grant select on market.series to alerts_service;

create index events_rule_idx on alerts.events (rule_id, bar_time) where state = 'fired';
