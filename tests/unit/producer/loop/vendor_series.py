"""Series, answers and runs that the tests of the vendor's lies share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from services.simulator.market.recorded_bars import Recording
from tests.unit.producer.harness import Process, World, stored
from tests.unit.producer.loop.served_vendor import ServedVendor

Serve = Callable[[list[Recording]], AbstractContextManager[tuple[World, ServedVendor]]]


def every_five_minutes(day: str, first: str = "09:30", count: int = 78) -> list[str]:
    start = datetime.fromisoformat(f"{day} {first}:00")
    return [str(start + timedelta(minutes=5 * number)) for number in range(count)]


def run(process: Process, world: World, seconds: int, every: int = 10) -> None:
    for _ in range(0, seconds, every):
        process.steps(2)
        world.clock.move(seconds=every)


def times(world: World) -> list[str]:
    return sorted(stored(world.broker))
