-- Files of prices adjusted for splits alone, and of those adjusted for dividends as well, left one
-- mark: which of the two a bar is nobody kept. To import the file again marks it anew.
do $$ begin perform set_config('tapeline.confirming', 'on', true); end $$;
update market.events_stream set basis = 'unknown'
where basis <> 'raw' and basis like 'adjusted %' and source = 'file';
update market.bar_revisions set basis = 'unknown'
where basis like 'adjusted %' and source = 'file';
do $$ begin perform set_config('tapeline.confirming', '', true); end $$;

comment on column market.events_stream.basis is
'raw: prices as traded; split DATE: adjusted for splits as of that day; adjusted DATE: for splits '
'and dividends; unknown: adjusted, and for what or as of which day nobody kept. Only bars of one '
'basis may be compared with each other.';
