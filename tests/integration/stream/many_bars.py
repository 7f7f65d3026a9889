"""Bars by number, as many as a test wants."""

from __future__ import annotations

from services.common.market.bar import Bar
from tests.bars import bar


def many(count: int, start: int = 0) -> list[Bar]:
    """Return distinct bars: minutes of some symbols, each with a volume of its own."""
    return [
        bar(
            {"volume": str(number)},
            symbol=f"S{number % 7}",
            interval="1min",
            exchange_time=f"2025-11-{3 + number // 7 // 1440:02} "
            f"{number // 7 // 60 % 24:02}:{number // 7 % 60:02}:00",
        )
        for number in range(start, start + count)
    ]
