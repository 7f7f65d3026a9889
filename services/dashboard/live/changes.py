"""What a round of the feed found of one series, and what of it the round before had found. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Rows = list[tuple[Any, ...]]
"""Each begins with its bar's time in Unix seconds; they are in the order of time."""


@dataclass(frozen=True)
class Changed:
    """Bars and indicators that are stored, or candles that are rolled up as they are asked.

    `candles` are all there are from the first of them on: a bar moves the bands of twenty candles,
    and a smaller interval that is stored later may leave no candle where there was one.
    """

    bars: Rows = field(default_factory=list)
    indicators: Rows = field(default_factory=list)
    candles: Rows = field(default_factory=list)
    cut_at: float | None = None

    @property
    def candles_since(self) -> float | None:
        """Return from when on `candles` are all there are; None if nothing is said of them."""
        if self.cut_at is not None:
            return self.cut_at
        return self.candles[0][0] if self.candles else None

    def most(self) -> int:
        """Return the length of the longest part."""
        return max(len(self.bars), len(self.indicators), len(self.candles))

    def since(self, before: Changed) -> Changed:
        """Return what the round before has not found as it is now."""
        bars, indicators = {*before.bars}, {*before.indicators}
        return Changed(
            bars=[row for row in self.bars if row not in bars],
            indicators=[row for row in self.indicators if row not in indicators],
            **_without_beginning(self.candles, before.candles),
        )


def _without_beginning(rows: Rows, before: Rows) -> dict[str, Any]:
    """Leave out the candles at the beginning that are as they were."""
    times = [row[0] for row in before]
    if not rows or rows[0][0] not in times:
        return {"candles": rows}
    before = before[times.index(rows[0][0]) :]
    same = next(
        (place for place, pair in enumerate(zip(rows, before, strict=False)) if pair[0] != pair[1]),
        min(len(rows), len(before)),
    )
    differing = [one[same][0] for one in (rows, before) if len(one) > same]
    return {"candles": rows[same:], "cut_at": min(differing, default=None)}
