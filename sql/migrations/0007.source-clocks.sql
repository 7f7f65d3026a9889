create table market.source_clocks (
    source text primary key,
    started_at timestamptz not null,
    anchored_at timestamptz not null,
    speed double precision not null check (speed > 0)
);
comment on table market.source_clocks is
'Sources of bars whose market is not at the present: at the instant anchored_at it stood at '
'started_at, and since then it moves speed times as fast, until it meets the present.';
