"""Holidays, half days and daylight saving."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from services.simulator.market.trading_sessions import Session, Sessions
from tests.unit.simulator.fakes import utc


@pytest.mark.parametrize(
    ("day", "begins", "regular", "ends"),
    [
        pytest.param("2026-11-20", "2026-11-20T09:00", (570, 960), "2026-11-21T01:00", id="winter"),
        pytest.param("2026-07-01", "2026-07-01T08:00", (570, 960), "2026-07-02T00:00", id="summer"),
        pytest.param(
            "2026-03-06", "2026-03-06T09:00", (570, 960), "2026-03-07T01:00", id="before_spring"
        ),
        pytest.param(
            "2026-03-09", "2026-03-09T08:00", (570, 960), "2026-03-10T00:00", id="after_spring"
        ),
        pytest.param(
            "2026-10-30", "2026-10-30T08:00", (570, 960), "2026-10-31T00:00", id="before_autumn"
        ),
        pytest.param(
            "2026-11-02", "2026-11-02T09:00", (570, 960), "2026-11-03T01:00", id="after_autumn"
        ),
        pytest.param(
            "2025-11-28", "2025-11-28T09:00", (570, 780), "2025-11-28T22:00", id="half_day"
        ),
    ],
)
def test_hours_of_a_day(
    sessions: Sessions, day: str, begins: str, regular: tuple[int, int], ends: str
) -> None:
    found = sessions.on(date.fromisoformat(day))

    assert found is not None
    assert found == Session(date.fromisoformat(day), found.index, utc(begins), *regular)
    assert found.ends_at == utc(ends)


@pytest.mark.parametrize(
    "day",
    [
        pytest.param("2026-11-21", id="saturday"),
        pytest.param("2025-11-27", id="thanksgiving"),
        pytest.param("2026-07-03", id="independence_day_observed"),
        pytest.param("1999-12-31", id="before_the_first"),
        pytest.param("2099-01-02", id="after_the_last"),
    ],
)
def test_no_session(sessions: Sessions, day: str) -> None:
    assert sessions.on(date.fromisoformat(day)) is None


@pytest.mark.parametrize(
    ("now", "until", "days"),
    [
        pytest.param(
            "2026-11-20T09:00", None, ["2026-11-20", "2026-11-19"], id="from_four_o_clock_on"
        ),
        pytest.param(
            "2026-11-20T08:59:59", None, ["2026-11-19", "2026-11-18"], id="not_before_four"
        ),
        pytest.param(
            "2026-11-20T12:00", "2026-10-31", ["2026-10-30", "2026-10-29"], id="until_a_day"
        ),
        pytest.param("2000-01-04T14:00", None, ["2000-01-04", "2000-01-03"], id="the_first"),
    ],
)
def test_newest_first(sessions: Sessions, now: str, until: str | None, days: list[str]) -> None:
    last = date.fromisoformat(until) if until else None

    found = sessions.newest_first(utc(now), last)

    assert [next(found).day.isoformat() for _ in days] == days


def test_sessions_are_counted_from_2000(sessions: Sessions) -> None:
    found = list(sessions.newest_first(utc("2000-01-07T00:00:00")))

    assert [(s.index, s.day.isoformat()) for s in found] == [
        (3, "2000-01-06"),
        (2, "2000-01-05"),
        (1, "2000-01-04"),
        (0, "2000-01-03"),
    ]


@pytest.mark.parametrize(
    ("now", "day"),
    [
        pytest.param(utc("2026-11-21T01:00:00"), date(2026, 11, 20), id="at_its_end"),
        pytest.param(utc("2026-11-21T00:59:59"), date(2026, 11, 19), id="a_second_before"),
    ],
)
def test_last_ended(sessions: Sessions, now: datetime, day: date) -> None:
    found = sessions.last_ended(now)

    assert found is not None
    assert found.day == day
