from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.producer.alpha_vantage.classify import REFUSALS, Kind, Verdict
from services.producer.alpha_vantage.retry_policy import (
    Action,
    Consequence,
    Trial,
    backoff_seconds,
    consequence,
)
from services.producer.series import COMPACT, FULL, Slice

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
LIVE = Trial(COMPACT, attempts=1, since=NOW, worked=True)
MONTH = replace(LIVE, part=Slice("month", "2001-01"))
LONG_AGO = NOW - timedelta(days=4)
DAY = 86_400.0


def _follow(verdict: Verdict, trial: Trial = LIVE) -> Consequence:
    return consequence(verdict, trial, NOW, random.Random(7))  # noqa: S311 - jitter


@pytest.mark.parametrize(
    ("verdict", "least", "most"),
    [
        pytest.param(Verdict(Kind.BURST), 1, 2, id="burst"),
        pytest.param(Verdict(Kind.MINUTE), 60, 61, id="minute"),
        pytest.param(Verdict(Kind.MINUTE, wait_seconds=90), 90, 91, id="minute-asks-for-more"),
        pytest.param(Verdict(Kind.TOO_MANY, wait_seconds=30), 30, 31, id="429-asks-for-more"),
    ],
)
def test_a_short_limit_pauses_every_call(verdict: Verdict, least: float, most: float) -> None:
    then = _follow(verdict)
    assert then.action is Action.PAUSE_ALL
    assert least <= then.seconds <= most


@pytest.mark.parametrize(
    ("verdict", "earliest"),
    [
        pytest.param(Verdict(Kind.DAILY), datetime(2026, 3, 7, tzinfo=UTC), id="next-utc-day"),
        pytest.param(
            Verdict(Kind.DAILY, wait_seconds=600), NOW + timedelta(minutes=10), id="header"
        ),
    ],
)
def test_the_daily_limit_stops_until_the_next_day(verdict: Verdict, earliest: datetime) -> None:
    then = _follow(verdict)
    assert then.action is Action.STOP_UNTIL
    assert then.until is not None
    assert earliest <= then.until <= earliest + timedelta(minutes=5)


def test_a_refused_key_ends_the_producer() -> None:
    assert _follow(Verdict(Kind.BAD_KEY)) == Consequence(Action.EXIT)


@pytest.mark.parametrize(
    ("trial", "least", "most"),
    [
        pytest.param(LIVE, 30, 60, id="worked-before"),
        pytest.param(replace(LIVE, attempts=99), 30, 3_600, id="for-ever"),
        pytest.param(replace(LIVE, attempts=99, since=LONG_AGO), 3_600, 3_600, id="for-days"),
        pytest.param(replace(LIVE, worked=False), 30, 60, id="never-worked-at-first"),
        pytest.param(replace(LIVE, worked=False, attempts=2), DAY, DAY, id="never-worked"),
        pytest.param(replace(LIVE, worked=False, calls_left=3), DAY, DAY, id="never-worked-free"),
        pytest.param(replace(LIVE, calls_left=3), 30, 60, id="worked-before-free"),
        pytest.param(replace(LIVE, calls_left=3, since=LONG_AGO), DAY, DAY, id="for-days-free"),
    ],
)
@pytest.mark.parametrize("kind", sorted(REFUSALS))
def test_no_refusal_is_for_good(kind: Kind, trial: Trial, least: float, most: float) -> None:
    then = _follow(Verdict(kind), trial)
    assert (then.action, then.given_up) == (Action.RETRY, True)
    assert least <= then.seconds <= most


@pytest.mark.parametrize("kind", [*sorted(REFUSALS), Kind.EMPTY])
def test_a_month_without_bars_is_judged_by_what_is_known(kind: Kind) -> None:
    assert _follow(Verdict(kind), MONTH) == Consequence(Action.NO_BARS)


def test_a_whole_that_is_owed_does_not_hold_up_the_newest_bars() -> None:
    owed = replace(LIVE, part=FULL, beside=True)
    assert _follow(Verdict(Kind.PREMIUM), owed) == Consequence(Action.NO_BARS)
    assert _follow(Verdict(Kind.SERVER_ERROR), owed).action is Action.RETRY


@pytest.mark.parametrize(
    ("kind", "calls_left", "least", "most"),
    [
        *((kind, None, 0.5, 2.0) for kind in (Kind.SERVER_ERROR, Kind.TIMED_OUT, Kind.NOT_JSON)),
        *((kind, None, 0.5, 2.0) for kind in (Kind.UNREACHABLE, Kind.BROKEN_OFF, Kind.EMPTY)),
        *((kind, None, 15.0, 60.0) for kind in (Kind.UNKNOWN, Kind.MISMATCH, Kind.MOVED)),
        (Kind.SERVER_ERROR, 3, 30.0, 120.0),
        (Kind.UNREACHABLE, 0, 0.5, 2.0),
    ],
)
def test_the_rest_is_tried_again_later(
    kind: Kind, calls_left: int | None, least: float, most: float
) -> None:
    then = _follow(Verdict(kind), replace(LIVE, calls_left=calls_left))
    assert (then.action, then.given_up) == (Action.RETRY, False)
    assert least <= then.seconds <= most


@pytest.mark.parametrize(
    ("trial", "least", "given_up"),
    [
        pytest.param(replace(LIVE, spacing_seconds=800.0), 800.0, False, id="a-minute-plan"),
        pytest.param(replace(LIVE, calls_left=0), DAY / 2, False, id="its-share-is-used"),
        pytest.param(replace(LIVE, calls_left=3, since=LONG_AGO), DAY, True, id="after-days-free"),
        pytest.param(replace(LIVE, since=LONG_AGO), 3_600.0, True, id="after-days"),
        pytest.param(
            replace(LIVE, since=LONG_AGO, worked=False), DAY, True, id="after-days-never-worked"
        ),
    ],
)
def test_a_failing_series_keeps_to_its_share(trial: Trial, least: float, given_up: bool) -> None:
    then = _follow(Verdict(Kind.EMPTY), trial)
    assert least <= then.seconds <= least + 300.0
    assert then.given_up is given_up


def test_an_outage_of_days_is_not_held_against_a_series() -> None:
    then = _follow(Verdict(Kind.SERVER_ERROR), replace(LIVE, since=LONG_AGO))
    assert then.seconds <= 2.0
    assert not then.given_up


@pytest.mark.parametrize("kind", [Kind.SERVER_ERROR, Kind.CLIENT_ERROR])
def test_an_error_waits_at_least_as_long_as_it_asks(kind: Kind) -> None:
    assert _follow(Verdict(kind, wait_seconds=300.0)).seconds == 300.0


@pytest.mark.parametrize(
    ("kind", "limits", "least", "most"),
    [(Kind.TOO_MANY, 1, 1, 2), (Kind.TOO_MANY, 9, 1, 61), (Kind.BURST, 9, 1, 61)],
)
def test_a_limit_that_goes_on_is_waited_out_for_longer(
    kind: Kind, limits: int, least: float, most: float
) -> None:
    waits = [_follow(Verdict(kind), replace(LIVE, limits=limits)).seconds for _ in range(50)]
    assert all(least <= wait <= most for wait in waits)


def test_back_off_grows_and_is_bounded() -> None:
    assert all(0.5 <= backoff_seconds(1, 1.0, 60.0) <= 2.0 for _ in range(50))
    waits = [backoff_seconds(30, 1.0, 60.0) for _ in range(200)]
    assert all(0.5 <= wait <= 60.0 for wait in waits)
    assert max(waits) > 30.0
