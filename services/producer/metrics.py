"""Counters and gauges of the producer, served to Prometheus."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    start_http_server,
)

from services.producer.alpha_vantage.classify import NO_ANSWERS, Kind
from services.producer.polling.freshness import Freshness

disable_created_metrics()  # type: ignore[no-untyped-call]


class StopCause(StrEnum):
    """Why a producer ended by itself."""

    KEY_REFUSED = "key_refused"
    ALL_REFUSED = "all_refused"
    STATE = "state"
    FAULT = "fault"


class Metrics:
    """What the producer counts. No label holds anything but symbols, intervals and kinds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._server: WSGIServer | None = None
        self._thread: Thread | None = None
        self._exchanges: set[str] = set()
        self._define_bars()
        self._define_series()
        self._define_loop()
        self._define_exchanges()

    def _define_bars(self) -> None:
        self._answers = Counter(
            "tapeline_producer_answers",
            "Answers of the API by what they were.",
            ["kind"],
            registry=self.registry,
        )
        for kind in Kind:
            self._answers.labels(kind.value)
        self._unanswered = self._gauge(
            "unanswered_calls",
            "Calls in a row that the API has not answered, or by an error of its own.",
        )
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
        self._stuck = self._gauge(
            "stuck_seconds", "How long bars have waited for Kafka without one being acknowledged."
        )

    def _define_series(self) -> None:
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
        self._quoted = self._gauge("quoted_symbols", "Symbols whose quotes are asked for in bulk.")
        self._unquoted = self._gauge(
            "unquoted_symbols", "Symbols of them of which the vendor has had no quote today."
        )

        self._quotes_waiting = self._gauge(
            "quotes_waiting_seconds",
            "Since quotes last came in bulk, while New York's market is open.",
        )
        self._quotes_round = self._gauge(
            "quotes_round_seconds",
            "What lies between two quotes of a symbol; 0: none are asked for.",
        )

    def _define_loop(self) -> None:
        self._beats = Counter(
            "tapeline_producer_beats",
            "Times that the loop has said that it works; it does so every two seconds.",
            registry=self.registry,
        )
        self._clock_offset = self._gauge(
            "clock_offset_seconds", "This host's clock less that of the API's server."
        )
        self._stopped = self._gauge(
            "stopped", "Whether the last run ended so, and none has had bars since.", "cause"
        )
        for cause in StopCause:
            self._stopped.labels(cause.value)

    def _define_exchanges(self) -> None:
        self._market_open = self._gauge(
            "market_open", "Whether regular trading goes on, by the calendar.", "exchange"
        )
        self._waiting_seconds = self._gauge(
            "waiting_seconds",
            "How long the series that waits longest has waited while its market is open.",
            "exchange",
        )
        self._poll_seconds = self._gauge(
            "poll_seconds", "What the plan leaves between two calls for a series.", "exchange"
        )
        self._calendar_end = self._gauge(
            "calendar_end_timestamp_seconds", "The end of the calendar that is known.", "exchange"
        )

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"tapeline_producer_{name}", text, labels, registry=self.registry)

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
        if kind in NO_ANSWERS:
            self._unanswered.inc()
        else:
            self._unanswered.set(0)

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

    def quotes(self, asked_for: int, missing: int) -> None:
        """Set of how many symbols quotes are asked for, and of how many of them there are none."""
        self._quoted.set(asked_for)
        self._unquoted.set(missing)

    def quotes_waiting(self, seconds: float, round_seconds: float) -> None:
        """Set since when quotes have been waited for, and how often they are to come."""
        self._quotes_waiting.set(seconds)
        self._quotes_round.set(round_seconds)

    def beat(self) -> None:
        """Count that the loop works."""
        self._beats.inc()

    def watch_deliveries(self, stuck_seconds: Callable[[], float]) -> None:
        """Ask `stuck_seconds`, at each look, for how long bars have waited in vain."""
        self._stuck.set_function(stuck_seconds)

    def clock_offset(self, seconds: float) -> None:
        """Set how far this host's clock is ahead of the API's."""
        self._clock_offset.set(seconds)

    def freshness(self, exchanges: Mapping[str, Freshness]) -> None:
        """Set how each exchange stands, by its code; those that are no longer polled go."""
        for code in self._exchanges - exchanges.keys():
            for gauge in (self._market_open, self._waiting_seconds, self._poll_seconds):
                gauge.remove(code)
        self._exchanges = {*exchanges}
        for code, found in exchanges.items():
            self._market_open.labels(code).set(found.is_open)
            self._waiting_seconds.labels(code).set(found.waiting_seconds)
            self._poll_seconds.labels(code).set(found.poll_seconds)

    def calendars(self, ends: Mapping[str, date]) -> None:
        """Set the last date of which each exchange's calendar is known."""
        for code, end in ends.items():
            last = datetime.combine(end, time.max, UTC)
            self._calendar_end.labels(code).set(last.timestamp())

    def stopped(self, cause: str) -> None:
        """Set why the last run ended by itself; "": it did not, or work goes on."""
        for known in StopCause:
            self._stopped.labels(known.value).set(known.value == cause)
