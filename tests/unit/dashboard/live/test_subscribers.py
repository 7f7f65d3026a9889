"""Viewers: each hears of its own series, and a slow one is told to begin anew."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.dashboard.live.subscribers import QUEUE_MESSAGES, Audience, FullError, Viewer, Watch

AAPL, TSLA = Watch("AAPL", "1min"), Watch("TSLA", "1min")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RESYNC = b"resync"


def heard(viewer: Viewer) -> list[bytes | None]:
    messages = []
    while not viewer.queue.empty():
        messages.append(viewer.queue.get_nowait())
    return messages


async def _all_of_it() -> None:
    audience = Audience(2, RESYNC)
    early = audience.join([AAPL, TSLA], NOON)
    late = audience.join([AAPL], NOON + timedelta(hours=1))
    with pytest.raises(FullError, match="2 viewers are here already"):
        audience.join([AAPL], NOON)
    assert audience.watched() == {AAPL: NOON, TSLA: NOON}

    audience.tell(TSLA, b"tsla")
    audience.tell(AAPL, b"aapl")
    audience.tell_all(None)
    assert (heard(early), heard(late)) == ([b"tsla", b"aapl", None], [b"aapl", None])

    audience.leave(early)
    assert audience.watched() == {AAPL: NOON + timedelta(hours=1)}
    assert len(audience) == 1

    for number in range(QUEUE_MESSAGES + 2):
        audience.tell(AAPL, b"%d" % number)
    assert heard(late) == [RESYNC, b"%d" % QUEUE_MESSAGES, b"%d" % (QUEUE_MESSAGES + 1)]


def test_an_audience() -> None:
    asyncio.run(_all_of_it())
