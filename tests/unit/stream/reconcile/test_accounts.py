"""The account of a partition: each record is stored, superseded or rejected, and only one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stream.reconcile.accounts import (
    Checked,
    Version,
    account,
    is_superseded,
    parse_version,
)
from services.stream.sink.offset_ledger import OffsetRange
from tests.bars import GOOD, bar

SEEN = datetime(2025, 11, 6, 21, 0, tzinfo=UTC)


def version(value: int = 1, minutes: int = 0, offset: int = 5) -> Version:
    return Version((value,), SEEN + timedelta(minutes=minutes), offset)


def test_a_record_is_read_as_the_sink_stores_it() -> None:
    assert parse_version(GOOD.to_json(), 7) == (
        ("AAPL", "5min", datetime(2025, 11, 6, 20, 55, tzinfo=UTC)),
        Version(
            (
                Decimal("269.80"),
                Decimal("270.10"),
                Decimal("269.75"),
                Decimal("270.05"),
                Decimal("18345"),
                date(2025, 11, 6),
                "alphavantage",
                "unknown",
                True,
            ),
            datetime(2025, 11, 6, 21, 0, 3, 412000, tzinfo=UTC),
            7,
        ),
    )


def test_a_daily_bar_begins_at_the_exchange_s_midnight() -> None:
    daily = bar(interval="1d", exchange_time="2025-07-01", exchange_tz="Asia/Kolkata")
    key, seen = parse_version(daily.to_json(), 0)
    assert key == ("AAPL", "1d", datetime(2025, 6, 30, 18, 30, tzinfo=UTC))
    assert seen.values[5] == date(2025, 7, 1)


@pytest.mark.parametrize("value", [b"", b"\xff", b"[]", b"{}", json.dumps({"a": 1}).encode()])
def test_what_is_no_bar_is_an_error(value: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse_version(value, 0)


@pytest.mark.parametrize(
    ("kept", "superseded"),
    [
        pytest.param([], False, id="nothing is kept"),
        pytest.param([version(2, minutes=1)], True, id="a newer observation"),
        pytest.param([version(2, offset=6)], True, id="the same instant, a higher offset"),
        pytest.param([version(1, minutes=-9, offset=1)], True, id="the same values"),
        pytest.param([version(2, minutes=-1)], False, id="an older one with other values"),
        pytest.param([version(2, offset=4)], False, id="the same instant, a lower offset"),
        pytest.param([version(2, minutes=-1), version(3, minutes=9)], True, id="one of several"),
    ],
)
def test_superseded_means_newer_or_equal(kept: list[Version], superseded: bool) -> None:
    assert is_superseded(version(), kept) is superseded


def test_an_account_that_balances() -> None:
    found = account(Checked(3, OffsetRange(0, 5), 9), range(5), {0: "s", 1: "r", 2: "s"}, [3, 4], 0)

    assert (found.stored, found.superseded, found.rejected) == (2, 2, 1)
    assert (found.absent, found.removed, found.lag, found.balanced) == ((), 0, 9, True)
    assert str(found) == (
        "partition 3 [0, 5): produced 5 = stored 2 + superseded 2 + rejected 1; "
        "unaccounted 0, duplicated 0, absent 0, lag 9: balanced"
    )


def test_an_offset_that_brought_no_record_unbalances_the_account() -> None:
    found = account(
        Checked(3, OffsetRange(0, 6)), [0, 1, 3, 4], dict.fromkeys(range(6), "s"), [], 0
    )

    assert (found.absent, found.removed, found.balanced) == ((2, 5), 0, False)
    assert str(found).endswith("absent 2, lag 0: NOT BALANCED")


def test_unless_retention_removed_it_before_it_was_read_which_the_account_says() -> None:
    found = account(Checked(3, OffsetRange(0, 6)), [0, 4, 5], dict.fromkeys(range(6), "s"), [], 4)

    assert (found.absent, found.removed, found.balanced) == ((), 3, True)
    assert str(found) == (
        "partition 3 [0, 6): produced 3 = stored 3 + superseded 0 + rejected 0; "
        "unaccounted 0, duplicated 0, absent 0, lag 0: balanced; retention removed 3 unread"
    )


def test_a_record_without_a_trace_and_one_with_two_are_named() -> None:
    found = account(Checked(0, OffsetRange(0, 4)), range(4), {1: "ss", 2: "sr"}, [3], 0)

    assert (found.unaccounted, found.duplicated, found.balanced) == ((0,), (1, 2), False)
    assert str(found).endswith("unaccounted 1, duplicated 2, absent 0, lag 0: NOT BALANCED")


def test_marks_of_offsets_that_kafka_no_longer_has_do_not_count() -> None:
    found = account(Checked(0, OffsetRange(0, 3)), [2], {0: "s", 1: "rr", 2: "s"}, [], 2)
    assert (found.stored, found.rejected, found.removed, found.balanced) == (1, 0, 2, True)


@given(st.dictionaries(st.integers(0, 20), st.sampled_from(["s", "r", "x", ""]), max_size=21))
def test_it_balances_exactly_when_every_record_has_one_fate(fates: dict[int, str]) -> None:
    marks = {offset: fate for offset, fate in fates.items() if fate in ("s", "r")}
    superseded = [offset for offset, fate in fates.items() if fate == "x"]

    found = account(Checked(0, OffsetRange(0, 21)), fates, marks, superseded, 21)

    assert found.balanced is ("" not in fates.values())
    assert found.stored + found.superseded + found.rejected + len(found.unaccounted) == len(fates)
