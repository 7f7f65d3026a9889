"""One symbol and one session of a view cost that symbol's bars of those days, no whole table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.market import Market

# Views of bars; alerts are a table of their own.
ANSWERS = """
select table_name from information_schema.columns
where table_schema = 'bi' and column_name in ('symbol', 'session_date') and table_name <> 'alerts'
group by table_name having count(*) = 2 order by table_name
"""
SYMBOLS, SESSIONS = 60, 20
BARS = """
with merged as (
    insert into market.events_stream (
        symbol, bar_time, interval, open, high, low, close, volume, session_date, source,
        freshness, basis, is_final, observed_at, kafka_partition, kafka_offset
    )
    select
        'S' || symbol, at, '5min', 10, 12, 9, 10 + sin(extract(epoch from at)), 100, session_date,
        'simulator', 'simulated', 'raw', true, at + interval '6 minutes', 0, 0
    from (
        select * from market.exchange_sessions
        where exchange = 'XNYS' and session_date <= '2025-11-07'
        order by session_date desc limit %(sessions)s
    ) as days
    cross join generate_series(0, 77) as number
    cross join generate_series(1, %(symbols)s) as symbol
    cross join lateral (select opens_at + number * interval '5 minutes') as start (at)
    order by at, symbol
    returning symbol, interval, bar_time, session_date
), derived as (
    insert into market.bar_indicators (symbol, interval, bar_time, session_date, atr_14)
    select symbol, interval, bar_time, session_date, 1 from merged
)
insert into market.indicator_work (symbol, interval, from_time, until_time)
select symbol, interval, min(bar_time), max(bar_time) from merged group by symbol, interval
"""
TABLES = ("events_stream", "bar_indicators", "bar_revisions")
REVISE = """
update market.events_stream set close = close - 0.01, revision = 2, updated_at = clock_timestamp()
"""


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every node of a plan that reads bars or indicators."""
    if plan.get("Relation Name", "").startswith(TABLES):
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


def rows_read(node: dict[str, Any]) -> float:
    """Return how many rows a node took from its table, those it threw away included."""
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return float(each * node["Actual Loops"])


def test_what_a_query_does_not_ask_for_costs_it_nothing(market: Market) -> None:
    query = "explain select {} from bi.events_stream order by bar_time desc limit 10"
    few = "symbol, bar_time, open, close, volume"
    plans = {
        columns: "\n".join(row[0] for row in market.rows(query.format(columns)))
        for columns in (few, f"{few}, session_part")
    }
    assert {key: "exchange_sessions" in plan for key, plan in plans.items()} == {
        few: False,
        f"{few}, session_part": True,
    }


@pytest.mark.parametrize(
    "where",
    [
        "symbol = 'S7' and session_date = '2025-11-06'",
        "symbol = 'S7' and session_date = '2025-11-06' and interval = '5min'",
        "symbol in ('S7') and session_date in ('2025-11-06')",
        "symbol = 'S7' and session_date >= '2025-11-06' and session_date < '2025-11-07'",
    ],
)
def test_a_session_of_a_symbol_is_read_by_index(where: str, market: Market) -> None:
    # Enough that a plan of full scans would be seen, and the planner would not like one.
    market.run(BARS.replace("%(sessions)s", str(SESSIONS)).replace("%(symbols)s", str(SYMBOLS)))
    [(between,)] = market.rows("select clock_timestamp()::text")
    market.run(REVISE)
    market.run("analyze")
    views = [row[0] for row in market.rows(ANSWERS)]
    assert len(views) > 15
    views += [f"bars_as_of('{instant}')" for instant in (between, "infinity", "-infinity")]
    for view in views:
        if "interval" in where and view.startswith("candles_"):
            continue  # a width of its own in the name
        mate = " and other_symbol = 'S8'" if view == "comparison_pairs" else ""
        explain = "explain (analyze, format json) select * from"
        query = f"{explain} bi.{view} where {where}{mate}"
        [([found],)] = market.rows(query, role="powerbi_reader")
        nodes = list(scans(found["Plan"]))
        assert nodes, view
        whole = [node for node in nodes if node["Node Type"] == "Seq Scan" and rows_read(node) > 0]
        assert whole == [], view
        # At most the 25 days' bars that past figures look back on, in both tables and twice; of
        # the tables as they are the session alone, and the hours of the days beside it.
        most = 2 * 78 if view in TABLES else 5 * 78 * SESSIONS
        assert sum(map(rows_read, nodes)) < most, view
