-- Grain: one row per (told_symbol, span of trade dates): the name under which bars are stored that
-- a record tells under another. A symbol that was never renamed has none.
--   from_date, until_date  trade dates from the first on and before the second
--   seen_before  of records observed before then. Later the name is that of whoever took it, and
--                the vendor gives all of that one's history under it.
--   symbol       the name of today, over as many renames as there were
create or replace view market.present_names as
with recursive spans as (
    select
        old_symbol as told_symbol,
        new_symbol,
        coalesce(
            lag(renamed_on) over (partition by old_symbol order by renamed_on), '-infinity'::date
        ) as from_date,
        renamed_on as until_date
    from market.renames
),

followed as (
    select
        told_symbol,
        from_date,
        until_date,
        new_symbol as symbol,
        until_date as renamed_on
    from spans
    union all
    select
        followed.told_symbol,
        followed.from_date,
        followed.until_date,
        spans.new_symbol as symbol,
        spans.until_date as renamed_on
    from followed
    inner join spans
        on
            followed.symbol = spans.told_symbol
            and followed.renamed_on >= spans.from_date
            and followed.renamed_on < spans.until_date
)

select distinct on (followed.told_symbol, followed.until_date)
    followed.told_symbol,
    followed.from_date,
    followed.until_date,
    coalesce(
        (
            select min(taken.renamed_on)::timestamp at time zone 'UTC'
            from market.renames as taken
            where
                taken.new_symbol = followed.told_symbol
                and taken.renamed_on >= followed.until_date
        ),
        'infinity'
    ) as seen_before,
    followed.symbol
from followed
order by
    followed.told_symbol asc, followed.until_date asc, followed.renamed_on desc;

-- Grain: one row per rename of an instrument, whose bars all stand under the newest of its names.
--   old_symbol, new_symbol  the vendor's names before and after
--   renamed_on   the first trade date under the new one
--   added_at     when it was told
create or replace view bi.renames as
select
    old_symbol,
    new_symbol,
    renamed_on,
    added_at
from market.renames;
