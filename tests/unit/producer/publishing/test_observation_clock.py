"""A clock that jumps must not make what is seen later look older."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.producer.publishing.observation_clock import ObservationClock

NOON = datetime(2025, 11, 6, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("newest", "host", "given"),
    [
        pytest.param(None, [NOON, NOON + SECOND], [NOON, NOON + SECOND], id="goes on"),
        pytest.param(NOON - HOUR, [NOON], [NOON], id="a restart later"),
        pytest.param(NOON + HOUR, [NOON], [NOON + HOUR], id="a restart with the clock put right"),
        pytest.param(
            None,
            [NOON, NOON + HOUR, NOON + SECOND, NOON + HOUR + SECOND],
            [NOON, NOON + HOUR, NOON + HOUR, NOON + HOUR + SECOND],
            id="an hour ahead for a while",
        ),
        pytest.param(
            None,
            [NOON, NOON - HOUR, NOON + SECOND],
            [NOON, NOON, NOON + SECOND],
            id="an hour behind for a while",
        ),
        pytest.param(
            None,
            [NOON, NOON + timedelta(days=400), NOON + SECOND, NOON + 2 * SECOND],
            [NOON, NOON + timedelta(days=400), NOON + SECOND, NOON + 2 * SECOND],
            id="a year ahead is not followed",
        ),
    ],
)
def test_no_instant_is_before_an_earlier_one(
    newest: datetime | None, host: list[datetime], given: list[datetime]
) -> None:
    instants = iter(host)
    clock = ObservationClock(lambda: next(instants), newest)

    assert [clock.now() for _ in host] == given
