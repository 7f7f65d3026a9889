"""Viewers: each hears of its own series, and a slow one is told to begin anew."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.dashboard.live.subscribers import (
    QUEUE_MESSAGES,
    FullError,
    Subscribers,
    Viewer,
    Watch,
)

AAPL, TSLA = Watch("AAPL", "1min"), Watch("TSLA", "1min")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RESYNC = b"resync"


def heard(viewer: Viewer) -> list[bytes | None]:
    messages = []
    while not viewer.queue.empty():
        messages.append(viewer.queue.get_nowait())
    return messages


async def _all_of_it() -> None:
    subscribers = Subscribers(2, RESYNC)
    early = subscribers.join([AAPL, TSLA], NOON)
    late = subscribers.join([AAPL], NOON + timedelta(hours=1))
    with pytest.raises(FullError):
        subscribers.join([AAPL], NOON)
    assert subscribers.watched() == {AAPL: NOON, TSLA: NOON}

    subscribers.tell(TSLA, b"tsla")
    subscribers.tell(AAPL, b"aapl")
    subscribers.tell_all(None)
    assert (heard(early), heard(late)) == ([b"tsla", b"aapl", None], [b"aapl", None])

    subscribers.leave(early)
    assert subscribers.watched() == {AAPL: NOON + timedelta(hours=1)}
    assert len(subscribers) == 1

    for number in range(QUEUE_MESSAGES + 2):
        subscribers.tell(AAPL, b"%d" % number)
    assert heard(late) == [RESYNC, b"%d" % QUEUE_MESSAGES, b"%d" % (QUEUE_MESSAGES + 1)]


def test_an_audience() -> None:
    asyncio.run(_all_of_it())
