-- Grain: one row per length of bars, whether or not any are stored. Sort by minutes.
create or replace view bi.intervals as
select
    interval,
    minutes,
    label
from market.intervals;
