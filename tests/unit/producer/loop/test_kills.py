"""A producer that is killed anywhere between asking and remembering loses no bar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from services.producer.publishing.state_store import StateStore
from services.producer.series import HighWaterMark, Series, Slice
from tests.unit.producer.fakes import BrokerClient, Future
from tests.unit.producer.harness import (
    FIVE,
    LIVE,
    KilledError,
    Process,
    World,
    held,
    intraday,
    run_once,
    stored,
)


def _kill_at(kinds: str, nth: int, world: World) -> dict[str, Any]:
    """Arrange for the process to end at the nth event of a kind."""
    count = iter(range(1, 10_000))

    def event(kind: str) -> None:
        if kind == kinds and next(count) == nth:
            raise KilledError(kind)

    class Remembering(StateStore):
        def remember(
            self, acknowledged: Iterable[tuple[Series, str, bytes]], observed_at: str = ""
        ) -> None:
            event("acknowledged, not remembered")
            super().remember(acknowledged, observed_at)

        def cover(self, series: Series, high_water_mark: HighWaterMark) -> None:
            event("remembered, not covered")
            super().cover(series, high_water_mark)
            event("covered")

        def add_answered(self, series: Series, part: Slice) -> None:
            event("month not kept")
            super().add_answered(series, part)

    class Sending(BrokerClient):
        def send(self, topic: str, value: bytes, key: bytes) -> Future:
            event("before send")
            return super().send(topic, value, key)

    fetch, broker = world.vendor.fetch, world.broker

    def fetching(series: Series, part: Slice) -> Any:
        event("charged, not asked")
        answer = fetch(series, part)
        event("fetched, not sent")
        return answer

    world.vendor.fetch = fetching  # type: ignore[method-assign]
    world.broker.connect = lambda: Sending(broker)  # type: ignore[method-assign]
    return {"memory_type": Remembering}


@pytest.mark.parametrize(
    ("kind", "nth"),
    [
        *[("charged, not asked", nth) for nth in (1, 2, 3)],
        *[("fetched, not sent", nth) for nth in (1, 2, 3)],
        *[("before send", nth) for nth in (1, 2, 499, 500, 501, 700, 1_301)],
        *[("acknowledged, not remembered", nth) for nth in (1, 2, 3)],
        *[("remembered, not covered", nth) for nth in (1,)],
        *[("covered", nth) for nth in (1,)],
        *[("month not kept", nth) for nth in (1,)],
    ],
)
def test_a_kill_anywhere_loses_no_bar(world: World, kind: str, nth: int) -> None:
    world.vendor.bars[FIVE] = intraday(1_300) | intraday(20, "2025-09-15 12:00:00")
    variables = {**LIVE, "HISTORY_MONTHS": "2"}
    sound_fetch, sound_connect = world.vendor.fetch, world.broker.connect
    victim = Process(world, variables, once=True, **_kill_at(kind, nth, world))
    with pytest.raises(KilledError):
        run_once(victim)
    world.vendor.fetch = sound_fetch  # type: ignore[method-assign]
    world.broker.connect = sound_connect  # type: ignore[method-assign]
    world.clock.move(seconds=2)
    world.vendor.bars[FIVE]["2025-11-06 11:00:00"] = ("10.0", "14.0", "9.0", "13.0", "9")
    assert world.once(variables) == 0
    assert stored(world.broker) == held(world.vendor)
    # What was remembered was not sent again: at most one batch and the revised bar repeat.
    assert len(world.broker.log) <= 1_320 + 500 + 1


def test_a_lost_state_sends_everything_again(world: World) -> None:
    world.vendor.bars[FIVE] = intraday(30)
    world.once(LIVE)
    for file in world.folder.iterdir():
        file.unlink()
    world.clock.move(seconds=2)
    assert world.once(LIVE) == 0
    assert len(world.broker.log) == 60
    assert stored(world.broker) == held(world.vendor)
