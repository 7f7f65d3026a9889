-- Grain: one row per source of bars with a market clock of its own: where that stands now. The
-- market of any other source is at the present.
--   present  the instant; never later than the real one
--   speed    how many times as fast as the real clock it moves
create or replace view market.present_of_sources as
select
    clock.source,
    case
        when has.met_the_present then now()
        else clock.started_at + (now() - clock.anchored_at) * clock.speed
    end as present,
    case when has.met_the_present then 1 else clock.speed end as speed
from market.source_clocks as clock
cross join
    lateral ( -- noqa: ST05
        -- Compared as numbers: a fast clock that met the present long ago leaves the calendar.
        select
            extract(epoch from now() - clock.anchored_at)::double precision * clock.speed
            >= extract(epoch from now() - clock.started_at)::double precision
                as met_the_present
    ) as has;
