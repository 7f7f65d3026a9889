"""The charts of the pipeline's page: which metrics each line is made of, and how. Pure.

One definition serves all readers: the page, from Prometheus or from what the dashboard has read of
the services itself, and the dashboard file for Grafana.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Reckoning = Literal["per_second", "per_minute", "highest", "lowest", "quantile"]

SCRAPE_SECONDS: Final = 15
"""How often the dashboard reads metrics itself."""
_RATE_SECONDS: Final = 4 * SCRAPE_SECONDS
_PER: Final = {"per_second": 1, "per_minute": 60}
_OVER_TIME: Final = {"highest": ("sum", "max_over_time"), "lowest": ("min", "min_over_time")}


@dataclass(frozen=True)
class Line:
    """A line: a metric, of which labels, and what is made of it.

    `per_second` and `per_minute` are rates of a counter, `highest` the largest sum and `lowest` the
    smallest value of a gauge, `quantile` one of a histogram, all within a step of the chart.
    """

    label: str
    metric: str
    reckoning: Reckoning
    where: str = ""
    quantile: float = 0.0

    @property
    def selector(self) -> str:
        """Return the metric with its labels, as PromQL writes it."""
        return f"{self.metric}{{{self.where}}}" if self.where else self.metric

    def promql(self, step: str) -> str:
        """Return the expression for Prometheus; `step` is a duration such as `60s`."""
        if self.reckoning == "quantile":
            rates = f"sum by (le) (rate({self.selector}[{step}]))"
            return f"histogram_quantile({self.quantile}, {rates})"
        if self.reckoning in _OVER_TIME:
            within, over_time = _OVER_TIME[self.reckoning]
            return f"{over_time}({within}({self.selector})[{step}:])"
        rate = f"sum(rate({self.selector}[{step}]))"
        return rate if self.reckoning == "per_second" else f"{_PER[self.reckoning]} * {rate}"


@dataclass(frozen=True)
class Chart:
    """A chart; `unit` stands beside its title, `name` is its key and its place in an address."""

    name: str
    title: str
    unit: str
    lines: tuple[Line, ...]


def rate_seconds(step_seconds: int) -> int:
    """Return the span of a rate in Prometheus, which needs several readings in it."""
    return max(step_seconds, _RATE_SECONDS)


def _records(label: str, outcome: str, reckoning: Reckoning) -> Line:
    return Line(label, "tapeline_stream_records_total", reckoning, f'outcome="{outcome}"')


def _latency(label: str, quantile: float) -> Line:
    return Line(label, "tapeline_stream_latency_seconds_bucket", "quantile", quantile=quantile)


CHARTS: Final = (
    Chart(
        "throughput",
        "Throughput",
        "bars a second",
        (
            Line("sent to Kafka", "tapeline_producer_bars_acknowledged_total", "per_second"),
            _records("stored", "stored", "per_second"),
            _records("superseded", "superseded", "per_second"),
        ),
    ),
    Chart(
        "lag",
        "Lag",
        "records in Kafka that are not stored yet",
        (Line("waiting", "tapeline_stream_lag_records", "highest"),),
    ),
    Chart(
        "latency",
        "Latency",
        "seconds from Kafka to the commit",
        (_latency("median", 0.5), _latency("99 %", 0.99)),
    ),
    Chart(
        "dead-letters",
        "Dead letters and losses",
        "records a minute",
        (_records("rejected", "rejected", "per_minute"), _records("lost", "lost", "per_minute")),
    ),
    Chart(
        "retries",
        "Retries",
        "batches tried again, a minute",
        (Line("retries", "tapeline_stream_retries_total", "per_minute"),),
    ),
    Chart(
        "quota",
        "Calls to the vendor",
        "since midnight UTC",
        (
            Line("calls", "tapeline_producer_calls_today", "highest"),
            Line("the plan's most", "tapeline_producer_calls_a_day", "highest"),
        ),
    ),
    Chart(
        "database-size",
        "Database",
        "bytes",
        (Line("size", "pg_database_size_bytes", "highest", 'datname="market"'),),
    ),
    Chart(
        "disk",
        "Free disk space",
        "bytes, of the fullest file system",
        (Line("free", "node_filesystem_avail_bytes", "lowest", 'fstype!~"tmpfs|ramfs|overlay"'),),
    ),
)


def lines() -> Iterator[Line]:
    """Yield the lines of all charts, in their order."""
    for chart in CHARTS:
        yield from chart.lines
