"""Draws the lines of the charts from what was read of the services. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from services.dashboard.pipeline_page.charts import SCRAPE_SECONDS, Line, lines
from services.dashboard.pipeline_page.readings import Buckets, Reading, Value

MOST_POINTS: Final = 240
# Readings that are further apart tell nothing of the time between them.
_LONGEST_SECONDS: Final = 4 * SCRAPE_SECONDS
_RATES: Final = {"per_second": 1.0, "per_minute": 60.0}

Point = tuple[int, float | None]
"""The end of a step in Unix seconds, and the value within it: None where nothing was told."""


class _Span(NamedTuple):
    """Two readings of a line that follow one another."""

    seconds: float
    before: Value
    after: Value


def step_seconds(span_seconds: int) -> int:
    """Return the length of a chart's steps: whole scrapes, few enough to be drawn."""
    return SCRAPE_SECONDS * math.ceil(span_seconds / MOST_POINTS / SCRAPE_SECONDS)


def points(
    readings: Iterable[Reading], since: int, until: int, step: int
) -> list[tuple[Line, list[Point]]]:
    """Return each line with its points, one a step from `since` to `until`."""
    ends = range(since + step, until + 1, step)
    steps: list[list[tuple[Reading, Reading]]] = [[] for _ in ends]
    for pair in _pairs(readings):
        place = math.ceil((pair[1].at - since) / step) - 1
        if 0 <= place < len(steps):
            steps[place].append(pair)
    drawn = []
    for number, line in enumerate(lines()):
        values = (_within(line, number, pairs) for pairs in steps)
        drawn.append((line, list(zip(ends, values, strict=True))))
    return drawn


def _pairs(readings: Iterable[Reading]) -> Iterator[tuple[Reading, Reading]]:
    before: Reading | None = None
    for reading in readings:
        if before is not None:
            yield before, reading
        before = reading


def _within(line: Line, number: int, pairs: Sequence[tuple[Reading, Reading]]) -> float | None:
    spans = [
        _Span(after.at - before.at, before.values[number], after.values[number])
        for before, after in pairs
    ]
    if line.reckoning == "highest":
        return max((one.after for one in spans if isinstance(one.after, float)), default=None)
    if line.reckoning == "lowest":
        return min((one.after for one in spans if isinstance(one.after, float)), default=None)
    spans = [one for one in spans if one.seconds <= _LONGEST_SECONDS]
    if line.reckoning == "quantile":
        return _quantile_of(spans, line.quantile)
    return _rate(spans, _RATES[line.reckoning])


def _rate(spans: Sequence[_Span], per_seconds: float) -> float | None:
    told = [
        (one.seconds, _increase(one.before, one.after))
        for one in spans
        if isinstance(one.before, float) and isinstance(one.after, float)
    ]
    seconds = sum(one for one, _ in told)
    return per_seconds * sum(more for _, more in told) / seconds if seconds else None


def _increase(before: float, after: float) -> float:
    """Return how much a counter has grown; one that is smaller than before began anew."""
    return after - before if after >= before else after


def _quantile_of(spans: Sequence[_Span], quantile: float) -> float | None:
    grown: list[float] = []
    bounds: tuple[float, ...] = ()
    for _, before, after in spans:
        if not isinstance(after, Buckets) or not isinstance(before, Buckets):
            continue
        if after.bounds != bounds:
            bounds, grown = after.bounds, [0.0] * len(after.bounds)
        began_anew = before.bounds != bounds or after.counts[-1] < before.counts[-1]
        for place, count in enumerate(after.counts):
            grown[place] += count if began_anew else count - before.counts[place]
    return quantile_of(bounds, grown, quantile)


def quantile_of(bounds: Sequence[float], counts: Sequence[float], quantile: float) -> float | None:
    """Return a quantile as Prometheus reckons it: as if each bucket were filled evenly; above the
    highest finite bound, that bound. None if nothing was counted."""
    if not counts or not counts[-1]:
        return None
    rank = quantile * counts[-1]
    place = next(place for place, count in enumerate(counts) if count >= rank)
    if math.isinf(bounds[place]):
        return bounds[place - 1] if place else None
    below, lower = (counts[place - 1], bounds[place - 1]) if place else (0.0, 0.0)
    within = counts[place] - below
    return lower + (bounds[place] - lower) * ((rank - below) / within if within else 1.0)
