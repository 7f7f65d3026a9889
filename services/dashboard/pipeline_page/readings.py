"""What the services told of themselves, and when: metrics as text in, a bounded history out. Pure.

A reading keeps of each line of the charts what its rate, height or quantile is made from, so that
a day of readings takes a few megabytes.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from services.dashboard.pipeline_page.charts import SCRAPE_SECONDS, Line, lines
from services.dashboard.pipeline_page.metrics_text import Sample, samples

KEPT_SECONDS: Final = 86_400
_KEPT: Final = KEPT_SECONDS // SCRAPE_SECONDS
_LINES: Final = tuple(lines())
_METRICS: Final = frozenset(line.metric for line in _LINES)


class Buckets(NamedTuple):
    """A histogram: upper bounds, the last infinite, and how many lie at or below each."""

    bounds: tuple[float, ...]
    counts: array[float]


Value = float | Buckets | None
"""None: the metric was not told."""


class Reading(NamedTuple):
    """What was told at an instant in Unix seconds, one value a line of the charts."""

    at: float
    values: Sequence[Value]


class History:
    """The readings of the last day, oldest first."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque(maxlen=_KEPT)

    def add(self, reading: Reading) -> None:
        """Take the newest; one that is not after the one before is left out."""
        if not self._readings or reading.at > self._readings[-1].at:
            self._readings.append(reading)

    @property
    def begins(self) -> float | None:
        """Return when the first reading was."""
        return self._readings[0].at if self._readings else None

    @property
    def newest(self) -> Reading | None:
        """Return the last reading."""
        return self._readings[-1] if self._readings else None

    def since(self, at: float) -> Iterator[Reading]:
        """Yield the readings after an instant, with the one before them."""
        after = sum(1 for _ in _while_after(self._readings, at))
        return islice(self._readings, max(0, len(self._readings) - after - 1), None)


def _while_after(readings: deque[Reading], at: float) -> Iterator[Reading]:
    for reading in reversed(readings):
        if reading.at <= at:
            return
        yield reading


def reading_of(at: float, text: str) -> Reading:
    """Return what metrics in Prometheus's text form tell. Raises ValueError if it is another."""
    told = samples(text, _METRICS)
    return Reading(at, [_value(line, told) for line in _LINES])


def _value(line: Line, of_all: Sequence[Sample]) -> Value:
    told = [one for one in of_all if one.name == line.metric and _has_labels(one, line.where)]
    if not told:
        return None
    if line.reckoning == "quantile":
        return _buckets(told)
    amounts = [float(one.value) for one in told]
    return min(amounts) if line.reckoning == "lowest" else sum(amounts)


def _has_labels(sample: Sample, where: str) -> bool:
    name, _, value = where.partition("=")
    return not where or sample.labels.get(name) == value.strip('"')


def _buckets(told: Sequence[Sample]) -> Buckets:
    counts: dict[float, float] = {}
    for sample in told:
        bound = float(sample.labels["le"])
        counts[bound] = counts.get(bound, 0.0) + sample.value
    bounds = tuple(sorted(counts))
    return Buckets(bounds, array("d", [counts[bound] for bound in bounds]))
