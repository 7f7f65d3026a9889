-- Grain: one row per length of bars, whether or not any are stored. Sort by minutes.
--   minutes  its length in minutes; a day has 1440
--   label    the same for people
create or replace view bi.intervals as
select
    interval,
    minutes,
    label
from market.intervals;
