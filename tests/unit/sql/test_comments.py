"""What a view file's head tells, as COMMENT ON takes it."""

from __future__ import annotations

from sql.comments import Heads

COMMON = """-- For all views.
--   price        what was paid
--   bar_time_utc    when
--   …_utc        (UTC)
"""
VIEW = """-- The function's own comment.
create or replace function market.other() returns int

-- Grain: one row per bar;
-- the newest one.
--   kind, other  first line
--                and second line
--   low_…        the lowest
--
-- Why it is made so.
create or replace view bi.plain as
select 1;

-- Made in a loop.
--   …_wide       twice as wide
do $$
"""


def test_heads_tell_of_relations_and_columns() -> None:
    heads = Heads([COMMON, VIEW])
    assert heads.about("plain") == "Grain: one row per bar; the newest one."
    assert [heads.column("plain", name) for name in ("kind", "other", "low_price", "price")] == [
        "first line and second line",
        "first line and second line",
        "the lowest",
        "what was paid",
    ]
    assert heads.column("plain", "bar_time_utc") == "when (UTC)"
    assert heads.column("plain", "unknown") is None


def test_what_a_loop_makes_has_the_words_of_what_it_is_named_after() -> None:
    heads = Heads([COMMON, VIEW])
    assert heads.about("plain_wide") == (
        "Grain: one row per bar; the newest one. As bi.plain, twice as wide."
    )
    assert heads.column("plain_wide", "kind") == "first line and second line"
    assert heads.about("plain_narrow") is None
    assert heads.about("another") is None
