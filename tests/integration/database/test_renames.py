"""Instruments that were renamed keep one history: what is stored moves, what comes later follows.

Another instrument's bars never join it, and a rename that is taken back leaves what was there.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.stream.reconcile.accounts import parse_version
from services.stream.sink.transaction import Purpose
from sql.moved_bars import Moved, OtherInstrumentError
from sql.renaming import Rename
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market
from tests.integration.database.renamed_bars import (
    DAYS,
    ETF,
    ETF_ENDED,
    FACEBOOK,
    META,
    METV,
    RENAMED_ON,
    blocked,
    command,
    day_bar,
    rename,
    settle,
)
from tests.integration.sink.new_bars import Bench, connected

FB_TO_META = ("add", "FB", "META", "2022-06-09")
ETF_TO_METV = ("add", "META", "METV", "2022-01-31")
VERSIONS = """
select symbol, interval, bar_time, close, observed_at, kafka_offset, is_current, revision from (
    select
        symbol, interval, bar_time, close, observed_at, kafka_offset, true as is_current, revision
    from market.events_stream
    union all
    select symbol, interval, bar_time, close, observed_at, kafka_offset, false, revision
    from market.bar_revisions
) as versions order by symbol, interval, bar_time, revision
"""
SERIES = "select symbol, interval from market.series order by 1, 2"
NAMES = "select distinct symbol, told_symbol from market.told_names order by 1, 2"


@pytest.fixture
def bench(market: Market) -> Iterator[Bench]:
    """Return a connection of the sink to a database of its own."""
    with connected(market) as bench:
        yield bench


def test_one_history_as_pandas_joins_it(bench: Bench) -> None:
    bench.apply([*ETF, *FACEBOOK])
    settle(bench)
    before = bench.market.rows(VERSIONS)
    told = pd.DataFrame(
        [
            (one.symbol, date.fromisoformat(one.exchange_time), float(one.ohlcv.close))
            for one in [*ETF, *FACEBOOK]
        ],
        columns=["symbol", "day", "close"],
    )

    with pytest.raises(OtherInstrumentError, match="5 bars of META from before 2022-06-09"):
        command(bench.market, *FB_TO_META)
    assert bench.market.rows(VERSIONS) == before
    assert command(bench.market, *ETF_TO_METV) == "5 bars of META are METV's now\n"
    assert command(bench.market, *FB_TO_META) == "28 bars of FB are META's now\n"
    settle(bench)

    # The symbol of the day, then of the company.
    told.loc[(told.symbol == "META") & (told.day < date(2022, 1, 31)), "symbol"] = "METV"
    told.loc[(told.symbol == "FB") & (told.day < RENAMED_ON), "symbol"] = "META"
    told["change"] = told.groupby("symbol").close.diff()
    found = bench.market.rows(
        "select bar.symbol, session_date, close::float8, change from bi.events_stream as bar"
        " inner join bi.bar_indicators using (symbol, interval, bar_time, session_date)"
        " order by symbol, session_date",
        role="dashboard_reader",
    )
    wanted = told.sort_values(["symbol", "day"])
    assert [row[:3] for row in found] == list(
        wanted[["symbol", "day", "close"]].itertuples(index=False, name=None)
    )
    assert [row[3] for row in found] == [
        None if pd.isna(value) else pytest.approx(value) for value in wanted.change
    ]
    assert bench.market.rows(SERIES) == [("META", "1d"), ("METV", "1d")]
    assert command(bench.market, "list") == (
        "old_symbol,new_symbol,renamed_on\nMETA,METV,2022-01-31\nFB,META,2022-06-09\n"
    )

    # Taken back, each record stands where it was told.
    assert command(bench.market, "remove", "fb", "2022-06-09") == "28 bars of META are FB's now\n"
    assert (
        command(bench.market, "remove", "META", "2022-01-31") == "5 bars of METV are META's now\n"
    )
    assert bench.market.rows(VERSIONS) == before
    assert bench.market.rows(NAMES) == []
    settle(bench)


def test_what_comes_later_follows_and_a_replay_changes_nothing(bench: Bench) -> None:
    bench.apply([one for one in FACEBOOK if one.symbol == "META"])
    command(bench.market, *ETF_TO_METV)
    command(bench.market, *FB_TO_META)
    # In one batch a bar under both names: the vendor gives FB's years as META's today.
    day = date(2022, 6, 1)
    late = [
        *ETF,
        *(one for one in FACEBOOK if one.symbol == "FB"),
        day_bar("META", day, 300, seen=date(2025, 10, 1)),
        # Whoever takes the old name later is another.
        day_bar("FB", date(2025, 10, 1), 10),
    ]
    preview = bench.apply(late, purpose=Purpose.PREVIEW)
    bench.next_offset -= len(late)
    done = bench.apply(late)

    assert preview.tallies[0].added == done.tallies[0].added == len(late) - 1
    shown = bench.market.rows(
        "select symbol, count(*), min(session_date), max(session_date)"
        " from bi.events_stream group by symbol order by symbol"
    )
    assert shown == [
        ("FB", 1, date(2025, 10, 1), date(2025, 10, 1)),
        ("META", len(FACEBOOK), date(2022, 5, 2), DAYS[-1]),
        ("METV", 5, date(2022, 1, 24), date(2022, 1, 28)),
    ]
    assert bench.market.rows(NAMES) == [("META", "FB"), ("METV", "META")]
    settle(bench)

    stored = bench.market.rows(VERSIONS)
    bench.next_offset -= len(late)
    again = bench.apply(late, purpose=Purpose.REPLAY)
    assert (again.tallies[0].added, again.tallies[0].changed) == (0, 0)
    assert bench.market.rows(VERSIONS) == stored


def test_a_rename_waits_for_the_merge_under_way_and_the_next_one_for_it(bench: Bench) -> None:
    old = [one for one in FACEBOOK if one.symbol == "FB"]
    with ThreadPoolExecutor(2) as threads, connected(bench.market) as other:
        bench.session.prepare_staging()
        other.next_offset = 5
        with bench.session.transaction():
            # This merge knows nothing of the rename.
            bench.apply(old[:5])
            moved = threads.submit(rename, bench.market, META)
            wait_for(lambda: blocked(bench.market) == 1, "the rename waits")
            merged = threads.submit(other.apply, old[5:])
            wait_for(lambda: blocked(bench.market) == 2, "the next merge waits")
        assert moved.result(60) == [Moved("FB", "META", 5)]
        assert merged.result(60).tallies[0].added == len(old) - 5
    assert bench.market.rows("select symbol, count(*) from market.events_stream group by 1") == [
        ("META", len(old))
    ]
    settle(bench)


def test_every_record_is_found_under_the_name_that_it_told(bench: Bench) -> None:
    bench.apply(FACEBOOK)
    keys = [parse_version(one.to_json(), number)[0] for number, one in enumerate(FACEBOOK)]
    before = bench.session.read_versions(keys)
    assert len(before) == len(FACEBOOK)
    rename(bench.market, META)
    assert bench.session.read_versions(keys) == before


RECORD = st.tuples(
    st.sampled_from(["FB", "META", "METV"]),
    st.sampled_from([date(2022, 1, 20), date(2022, 1, 31), date(2022, 6, 8), date(2022, 6, 9)]),
    st.integers(100, 101),
    st.sampled_from([0, 1]),
).filter(lambda record: record[0] != "METV" or record[1] >= ETF_ENDED)
STEPS = st.lists(
    st.one_of(st.lists(RECORD, min_size=1, max_size=6), st.sampled_from([METV, META])), max_size=6
)


@settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_order_of_records_and_renames_ends_in_the_newest_of_each_bar(
    steps: list[list[tuple[str, date, int, int]] | Rename], bench: Bench
) -> None:
    bench.market.run(
        "truncate market.events_stream, market.bar_revisions, market.indicator_work,"
        " market.bar_indicators, market.series, market.renames, market.told_names,"
        " market.sink_offsets"
    )
    bench.next_offset = 0
    known: set[Rename] = set()
    told: list[tuple[str, date, int, date, int]] = []
    for step in steps:
        if isinstance(step, Rename):
            # Before META is Facebook's, its bars of January must have another name.
            rename(bench.market, METV, step)
            known |= {METV, step}
            continue
        seen = [
            day + timedelta(days=late if day < ETF_ENDED else 200 + late)
            for _, day, _, late in step
        ]
        records = [
            day_bar(symbol, day, price, moment)
            for (symbol, day, price, _), moment in zip(step, seen, strict=True)
        ]
        told += [
            (symbol, day, price, moment, bench.next_offset + number)
            for number, ((symbol, day, price, _), moment) in enumerate(zip(step, seen, strict=True))
        ]
        bench.apply(records)
    newest: dict[tuple[str, date], tuple[date, int, int]] = {}
    for symbol, day, price, moment, offset in told:
        key = present_name(symbol, day, moment, known), day
        newest[key] = max(newest.get(key, (date.min, 0, 0)), (moment, offset, price))
    assert bench.market.rows(
        "select symbol, session_date, close from market.events_stream order by 1, 2"
    ) == [(*key, newest[key][2]) for key in sorted(newest)]
    settle(bench)


def present_name(symbol: str, day: date, seen: date, known: set[Rename]) -> str:
    """Return the name of today, worked out by hand for the two renames."""
    if symbol == "FB" and day < RENAMED_ON and META in known:
        return "META"
    taken = META in known and seen >= RENAMED_ON
    return (
        "METV" if symbol == "META" and day < ETF_ENDED and METV in known and not taken else symbol
    )
