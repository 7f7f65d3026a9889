"""Counters and gauges of the producer, served to Prometheus."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    start_http_server,
)

from services.producer.alpha_vantage.classify import Kind

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """What the producer counts. No label holds anything but symbols, intervals and kinds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._server: WSGIServer | None = None
        self._thread: Thread | None = None
        self._answers = Counter(
            "tapeline_producer_answers",
            "Answers of the API by what they were.",
            ["kind"],
            registry=self.registry,
        )
        for kind in Kind:
            self._answers.labels(kind.value)
        self._bars = Counter(
            "tapeline_producer_bars_acknowledged",
            "Bars that Kafka has acknowledged.",
            ["interval"],
            registry=self.registry,
        )
        self._refused = Counter(
            "tapeline_producer_bars_refused",
            "Bars that Kafka refused; too large, as a rule.",
            registry=self.registry,
        )
        self._unchanged = Counter(
            "tapeline_producer_bars_unchanged",
            "Bars that were fetched and had been published as they are.",
            registry=self.registry,
        )
        self._waiting = self._gauge("bars_waiting", "Bars that wait for Kafka.")
        self._calls_today = self._gauge("calls_today", "Calls charged to this UTC day.")
        self._calls_a_day = self._gauge("calls_a_day", "Calls that the plan allows a day; 0: any.")
        self._series = self._gauge("series", "Series that are polled.")
        self._given_up = self._gauge(
            "series_given_up", "Series that are tried only now and then, as no answer brings bars."
        )
        self._newest = Gauge(
            "tapeline_producer_asked_timestamp_seconds",
            "Market instant up to which a series is complete in Kafka.",
            ["symbol", "interval"],
            registry=self.registry,
        )

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"tapeline_producer_{name}", text, registry=self.registry)

    def serve(self, host: str, port: int) -> int:
        """Serve /metrics on `host`; return the port, which is a free one if `port` is 0."""
        self._server, self._thread = start_http_server(port, host, self.registry)
        return int(self._server.server_port)

    def stop(self) -> None:
        """Stop serving."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def value(self, name: str, **labels: str) -> float:
        """Return the value of one sample; 0 if it was never set."""
        return self.registry.get_sample_value(f"tapeline_producer_{name}", labels) or 0.0

    def answer(self, kind: Kind) -> None:
        """Count an answer."""
        self._answers.labels(kind.value).inc()

    def acknowledged(self, intervals: Iterable[str]) -> None:
        """Count acknowledged bars, given by their intervals."""
        for interval, count in Tally(intervals).items():
            self._bars.labels(interval).inc(count)

    def refused(self, count: int) -> None:
        """Count bars that Kafka will never take."""
        self._refused.inc(count)

    def unchanged(self, count: int) -> None:
        """Count bars that held nothing new."""
        self._unchanged.inc(count)

    def waiting(self, count: int) -> None:
        """Set how many bars wait for Kafka."""
        self._waiting.set(count)

    def calls_today(self, count: int) -> None:
        """Set the calls charged to this UTC day."""
        self._calls_today.set(count)

    def calls_a_day(self, most: int) -> None:
        """Set the calls that the plan allows a day."""
        self._calls_a_day.set(most)

    def series(self, polled: int, given_up: int) -> None:
        """Set how many series are polled, and how many of them are given up."""
        self._series.set(polled)
        self._given_up.set(given_up)

    def covered(self, symbol: str, interval: str, asked_at_seconds: float) -> None:
        """Set up to when a series is complete, in Unix seconds of the market's clock."""
        self._newest.labels(symbol, interval).set(asked_at_seconds)
