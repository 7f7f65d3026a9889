"""Paging: what was asked for becomes one statement, and a cursor leads to where a page ended."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.data_api.computed_tables import ANALYTIC
from services.dashboard.data_api.dataset import Dataset, Kind
from services.dashboard.data_api.datasets import ALL
from services.dashboard.data_api.paging import (
    CursorError,
    Statement,
    Wanted,
    bounds,
    page_statement,
    read_cursor,
    selected,
    write_cursor,
)
from services.dashboard.data_api.stored_tables import BARS, CANDLES, QUOTES

TODAY = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
SELECTED = ", ".join(name for name, _ in BARS.columns)


def test_a_first_page_of_everything() -> None:
    assert page_statement(BARS, Wanted(10, TODAY)) == Statement(
        f"select {SELECTED} from bi.events_stream order by symbol, interval, bar_time limit %s",
        (11,),
    )


def test_every_bound_and_a_cursor_downwards() -> None:
    cursor = write_cursor(BARS, BARS.key, ["AAPL", "1min", AT])
    wanted = Wanted(10, TODAY, True, ("AAPL", "TSLA"), "1min", AT, AT, cursor)
    assert page_statement(BARS, wanted) == Statement(
        f"select {SELECTED} from bi.events_stream "
        "where symbol = any(%s) and interval = %s and bar_time >= %s and bar_time < %s "
        "and (symbol, interval, bar_time) < (%s::text, %s::text, %s::timestamptz) "
        "order by symbol desc, interval desc, bar_time desc limit %s",
        (["AAPL", "TSLA"], "1min", AT, AT, "AAPL", "1min", AT, 11),
    )


def test_a_table_of_sessions_is_bounded_by_days() -> None:
    statement = page_statement(CANDLES[0], Wanted(10, TODAY, since=AT, until=AT))
    assert "where session_date >= %s and session_date < %s order by" in statement.text
    assert statement.parameters == (date(2026, 11, 21), date(2026, 11, 21), 11)


@given(bound=st.datetimes(timezones=st.just(UTC)), day=st.dates())
def test_a_session_lies_within_bounds_if_the_midnight_of_its_date_does(
    bound: datetime, day: date
) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    since, until = bounds(CANDLES[0], Wanted(1, TODAY, since=bound, until=bound))
    assert since is not None
    assert until is not None
    assert (day >= since) == (midnight >= bound) or since == date.max
    assert (day < until) == (midnight < bound) or until == date.max


def test_chosen_columns_are_followed_by_what_the_cursor_needs() -> None:
    wanted = Wanted(10, TODAY, columns=("close", "symbol"))
    assert selected(BARS, wanted) == ["close", "symbol", "interval", "bar_time"]
    assert page_statement(BARS, wanted).text.startswith(
        "select close, symbol, interval, bar_time from bi.events_stream order by"
    )


def test_what_is_computed_as_it_is_asked_covers_some_days_unless_told() -> None:
    (anomalies,) = (one for one in ANALYTIC if one.name == "anomalies")
    statement = page_statement(anomalies, Wanted(10, TODAY, symbols=("AAPL",), interval="1min"))
    assert statement.parameters == (["AAPL"], "1min", date(2026, 11, 12), date(2026, 11, 26), 11)


VALUES = {
    Kind.TEXT: st.text(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9
    ),
    Kind.WHOLE: st.integers(-(2**63), 2**63 - 1),
    Kind.INSTANT: st.datetimes(timezones=st.just(UTC)),
    Kind.UTC: st.datetimes(),
    Kind.DAY: st.dates(),
}


@given(data=st.data(), dataset=st.sampled_from(ALL))
def test_a_cursor_holds_the_key_of_its_row(data: st.DataObject, dataset: Dataset) -> None:
    row = [
        data.draw(VALUES[kind]) if name in dataset.key else None for name, kind in dataset.columns
    ]
    names = [name for name, _ in dataset.columns]
    wanted = [row[names.index(name)] for name in dataset.key]
    assert read_cursor(dataset, write_cursor(dataset, names, row)) == wanted


@given(cursor=st.text(max_size=700))
def test_no_text_is_taken_for_a_cursor_by_chance(cursor: str) -> None:
    with pytest.raises(CursorError, match="/api/bars"):
        read_cursor(BARS, cursor)


def test_a_cursor_of_another_table_is_refused() -> None:
    cursor = write_cursor(QUOTES, QUOTES.key, ["AAPL"])
    with pytest.raises(CursorError):
        read_cursor(BARS, cursor)
