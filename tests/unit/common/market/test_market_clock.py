"""The market's clock: it replays the past, meets the present, and never runs ahead of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.market.market_clock import MarketClock, parse_market_clock, utc_now
from services.common.settings import SettingError

START = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
ANCHOR = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TEXT = "2026-11-16T14:30:00+00:00@2026-11-23T12:00:00+00:00*60"


def at(instant: datetime) -> Callable[[], datetime]:
    return lambda: instant


def test_the_real_clock_tells_the_real_instant() -> None:
    assert parse_market_clock("real", at(ANCHOR)).now() == ANCHOR
    assert str(parse_market_clock("real")) == "real"
    before = utc_now()
    assert before <= MarketClock().now() <= utc_now()


@pytest.mark.parametrize(
    ("passed", "market"),
    [
        (timedelta(0), START),
        (timedelta(seconds=1), START + timedelta(minutes=1)),
        (timedelta(minutes=30), START + timedelta(hours=30)),
        (timedelta(days=1), ANCHOR + timedelta(days=1)),
        (timedelta(seconds=-1), START - timedelta(minutes=1)),
    ],
    ids=["at the anchor", "60 times as fast", "half an hour", "met the present", "before"],
)
def test_the_past_is_replayed_faster_until_it_meets_the_present(
    passed: timedelta, market: datetime
) -> None:
    assert parse_market_clock(TEXT, at(ANCHOR + passed)).now() == market


def test_two_parties_with_the_same_text_agree() -> None:
    clock = parse_market_clock(TEXT, at(ANCHOR))
    assert parse_market_clock(str(clock), at(ANCHOR)).now() == clock.now()
    assert str(clock) == TEXT


def test_another_offset_is_the_same_instant() -> None:
    eastern = "2026-11-16T09:30:00-05:00@2026-11-23T07:00:00-05:00*60.0"
    assert str(parse_market_clock(eastern)) == TEXT


@given(
    st.integers(0, 14_610),
    st.timedeltas(timedelta(0), timedelta(days=400)),
    st.floats(0.1, 100_000),
)
def test_it_never_stands_later_than_the_real_clock_and_never_goes_back(
    day: int, passed: timedelta, speed: float
) -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=day)
    anchor = start + timedelta(days=7)
    earlier = MarketClock(start, anchor, speed, at(anchor + passed / 2)).now()
    later = MarketClock(start, anchor, speed, at(anchor + passed)).now()
    assert earlier <= later <= anchor + passed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-16T14:30:00+00:00",
        "2026-11-16T14:30:00+00:00@2026-11-23T12:00:00+00:00",
        "2026-11-16T14:30:00@2026-11-23T12:00:00*60",
        "yesterday@2026-11-23T12:00:00+00:00*60",
        "2026-11-16T14:30:00+00:00@2026-11-23T12:00:00+00:00*0",
        "2026-11-16T14:30:00+00:00@2026-11-23T12:00:00+00:00*-5",
        "2026-11-16T14:30:00+00:00@2026-11-23T12:00:00+00:00*fast",
    ],
)
def test_a_wrong_clock_is_one_line_that_shows_a_right_one(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_market_clock(text)
    assert str(caught.value) == (
        f"MARKET_CLOCK is {text!r}; it must be `real` or START@ANCHOR*SPEED, such as {TEXT}"
    )
