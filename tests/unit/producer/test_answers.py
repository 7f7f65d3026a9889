from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from services.producer.answers import Action, Consequence, Trial, backoff_seconds, consequence
from services.producer.envelopes import Kind, Verdict
from services.producer.series import COMPACT, Slice

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
LIVE = Trial(COMPACT, attempts=1, capped=False)
MONTH = Trial(Slice("month", "2001-01"), attempts=1, capped=False)


def _follow(verdict: Verdict, trial: Trial = LIVE) -> Consequence:
    return consequence(verdict, trial, NOW, random.Random(7))  # noqa: S311 - jitter


@pytest.mark.parametrize(
    ("verdict", "least", "most"),
    [
        pytest.param(Verdict(Kind.BURST), 1, 2, id="burst"),
        pytest.param(Verdict(Kind.MINUTE), 60, 61, id="minute"),
        pytest.param(Verdict(Kind.MINUTE, wait_seconds=90), 90, 91, id="minute-asks-for-more"),
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


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (Kind.PREMIUM, Action.BLOCK),
        (Kind.NOT_ENTITLED, Action.BLOCK),
        (Kind.DEMO_KEY, Action.BLOCK),
        (Kind.BAD_CALL, Action.BLOCK),
        (Kind.BAD_FUNCTION, Action.BLOCK),
        (Kind.BAD_KEY, Action.EXIT),
    ],
)
def test_what_another_try_cannot_change_is_not_tried(kind: Kind, action: Action) -> None:
    assert _follow(Verdict(kind)) == Consequence(action)


@pytest.mark.parametrize("kind", [Kind.BAD_CALL, Kind.EMPTY])
def test_a_month_without_bars_is_skipped(kind: Kind) -> None:
    assert _follow(Verdict(kind), MONTH) == Consequence(Action.SKIP_MONTH)


@pytest.mark.parametrize(
    ("kind", "capped", "least", "most"),
    [
        *((kind, False, 0.5, 2.0) for kind in (Kind.SERVER_ERROR, Kind.TIMED_OUT, Kind.NOT_JSON)),
        *((kind, False, 0.5, 2.0) for kind in (Kind.UNREACHABLE, Kind.BROKEN_OFF, Kind.EMPTY)),
        *((kind, False, 15.0, 60.0) for kind in (Kind.UNKNOWN, Kind.MISMATCH, Kind.TOO_LARGE)),
        (Kind.SERVER_ERROR, True, 30.0, 120.0),
        (Kind.UNREACHABLE, True, 0.5, 2.0),
    ],
)
def test_the_rest_is_tried_again_later(kind: Kind, capped: bool, least: float, most: float) -> None:
    then = _follow(Verdict(kind), Trial(COMPACT, attempts=1, capped=capped))
    assert then.action is Action.RETRY
    assert least <= then.seconds <= most


def test_a_429_waits_at_least_as_long_as_it_asks() -> None:
    then = _follow(Verdict(Kind.TOO_MANY, wait_seconds=30.0))
    assert (then.action, then.seconds) == (Action.RETRY, 30.0)


def test_back_off_grows_and_is_bounded() -> None:
    assert all(0.5 <= backoff_seconds(1, 1.0, 60.0) <= 2.0 for _ in range(50))
    waits = [backoff_seconds(30, 1.0, 60.0) for _ in range(200)]
    assert all(0.5 <= wait <= 60.0 for wait in waits)
    assert max(waits) > 30.0
