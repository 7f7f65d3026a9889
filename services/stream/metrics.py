"""The stream's numbers for Prometheus, served over HTTP. The only importer of its client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from services.stream.error_advice import StopCause
from services.stream.indicators.tables import Derived
from services.stream.sink.batch import Applied
from services.stream.sink.offset_ledger import Move

OUTCOMES = ("stored", "superseded", "rejected", "lost")
_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """Counters of the sink; every name starts with `tapeline_stream_`."""

    def __init__(
        self, trigger_seconds: float = 0.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.registry = CollectorRegistry()
        self._monotonic = monotonic
        self._progressed_at = monotonic()
        self._define_batches()
        self._define_lag()
        self._define_state(trigger_seconds)

    def _define_batches(self) -> None:
        self._records = Counter(
            "tapeline_stream_records",
            "Kafka records applied, by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self._batches = Histogram(
            "tapeline_stream_batch_seconds",
            "Duration of a batch in the sink.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._latency = Histogram(
            "tapeline_stream_latency_seconds",
            "From the Kafka time of a batch's oldest record to the commit of the batch.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        for outcome in OUTCOMES:
            self._records.labels(outcome)
        self._rejected_ratio = Gauge(
            "tapeline_stream_rejected_ratio",
            "Share of the last batch's records that were rejected.",
            registry=self.registry,
        )
        self._retries = Counter(
            "tapeline_stream_retries",
            "Batches tried again, by the fault that stopped them.",
            ["fault"],
            registry=self.registry,
        )

        self._events = Counter(
            "tapeline_stream_event_records",
            "Kafka records of quotes and corporate actions applied, by what became of them.",
            ["events", "outcome"],
            registry=self.registry,
        )

    def _define_lag(self) -> None:
        self._lag = Gauge(
            "tapeline_stream_lag_records",
            "Records that are in Kafka but not yet in the table, as of the last trigger.",
            ["partition"],
            registry=self.registry,
        )
        self._lag_seconds = Gauge(
            "tapeline_stream_lag_seconds",
            "Age of the oldest record of the last batch at its commit; 0 once nothing waits.",
            registry=self.registry,
        )
        self._silent = Gauge(
            "tapeline_stream_silent_seconds",
            "Since Spark last reported: after each batch, and every ten seconds without one.",
            registry=self.registry,
        )
        self._silent.set_function(lambda: self._monotonic() - self._progressed_at)

    def _define_state(self, trigger_seconds: float) -> None:
        trigger = Gauge(
            "tapeline_stream_trigger_seconds",
            "The least time between two batches.",
            registry=self.registry,
        )
        trigger.set(trigger_seconds)
        self._stopped = Gauge(
            "tapeline_stream_stopped",
            "Whether the last run ended so, and none has worked since.",
            ["cause"],
            registry=self.registry,
        )
        for cause in StopCause:
            self._stopped.labels(cause.value)
        self._derived = Counter(
            "tapeline_stream_indicator_rows",
            "Rows of indicators written.",
            registry=self.registry,
        )
        self._unfinished = Gauge(
            "tapeline_stream_indicator_unfinished_series",
            "Series that the last round left due in part.",
            registry=self.registry,
        )

    def serve(self, host: str, port: int) -> int:
        """Serve the metrics and return the port (0 asks for any free one)."""
        server, _ = start_http_server(port, addr=host, registry=self.registry)
        return int(server.server_port)

    def applied(self, batch: Applied, now_seconds: float) -> None:
        """Count a committed batch; `now_seconds` is the time of its commit."""
        for outcome in OUTCOMES:
            self._records.labels(outcome).inc(getattr(batch, outcome))
        self._batches.observe(batch.seconds)
        self._rejected_ratio.set(batch.rejected_ratio)
        if batch.oldest_ms is not None:
            latency_seconds = max(0.0, now_seconds - batch.oldest_ms / 1000)
            self._latency.observe(latency_seconds)
            self._lag_seconds.set(latency_seconds)

    def follows(self, titles: Iterable[str]) -> None:
        """Begin to count events of these kinds."""
        for title in titles:
            for outcome in OUTCOMES:
                self._events.labels(title, outcome)

    def moved(self, title: str, move: Move) -> None:
        """Count a move of the ledger of a kind of event."""
        for outcome in OUTCOMES:
            self._events.labels(title, outcome).inc(getattr(move, outcome))

    def derived(self, done: Derived) -> None:
        """Count a round of indicators."""
        self._derived.inc(done.rows)
        self._unfinished.set(done.unfinished)

    def retried(self, fault: str) -> None:
        """Count one more try of a batch."""
        self._retries.labels(fault).inc()

    def lag(self, records: Mapping[int, int]) -> None:
        """Set the lag of each partition."""
        if not any(records.values()):
            self._lag_seconds.set(0)
        for partition, behind in records.items():
            self._lag.labels(str(partition)).set(behind)

    def progressed(self) -> None:
        """Take note that Spark has reported."""
        self._progressed_at = self._monotonic()

    def stopped(self, cause: str) -> None:
        """Set why the last run ended by itself; "": it did not, or work goes on."""
        for known in StopCause:
            self._stopped.labels(known.value).set(known.value == cause)
