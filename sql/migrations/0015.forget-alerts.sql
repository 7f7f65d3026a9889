-- Events of alerts do not stay for ever; what was forgotten is not looked at again.

alter table alerts.watch
add column forgotten_until timestamptz not null default '1970-01-01 00:00Z';
comment on column alerts.watch.forgotten_until is
'Events of bars before this may be gone, and those bars are looked at no more.';

create index deliveries_of_event_idx on alerts.deliveries (event_id);
