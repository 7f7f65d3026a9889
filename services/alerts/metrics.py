"""Counters and gauges of the alerts, served to Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    start_http_server,
)

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """What the service counts. No label holds anything but names of receivers and outcomes."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        self._monotonic = monotonic
        self._evaluated_at: float | None = None
        self.rules = self._gauge("rules", "Rules in force.")
        self.leads = self._gauge("leads", "1: this instance works; 0: another one does.")
        self.file_is_wrong = self._gauge("file_is_wrong", "1: the file, as it is now, is refused.")
        self.round_seconds = self._gauge("round_seconds", "How long the last evaluation took.")
        self.messages = Counter(
            "tapeline_alerts_messages",
            "Messages that were added to the outbox, one for each receiver.",
            registry=self.registry,
        )
        self._tries = Counter(
            "tapeline_alerts_tries",
            "Tries to deliver a message, by receiver and outcome.",
            ["receiver", "outcome"],
            registry=self.registry,
        )
        self._define_waiting()

    def _define_waiting(self) -> None:
        self._pending = Gauge(
            "tapeline_alerts_pending",
            "Messages that wait for a receiver.",
            ["receiver"],
            registry=self.registry,
        )
        self._oldest = Gauge(
            "tapeline_alerts_oldest_pending_seconds",
            "How long the oldest message that waits for a receiver has done so; 0: none waits.",
            ["receiver"],
            registry=self.registry,
        )
        self.work = self._gauge("work_rows", "Changes of series that wait to be evaluated.")
        silent = self._gauge(
            "silent_seconds",
            "Since this instance last looked for changes and evaluated them; 0: another one works.",
        )
        silent.set_function(self._silent_seconds)

    def _silent_seconds(self) -> float:
        at = self._evaluated_at
        return 0.0 if at is None else self._monotonic() - at

    def evaluated(self) -> None:
        """Take note that changes were looked for, and those found evaluated."""
        self._evaluated_at = self._monotonic()

    def led(self) -> None:
        """Take note that this instance leads no longer: what waits is another one's to tell."""
        self.leads.set(0)
        self.work.set(0)
        self._evaluated_at = None
        self.waiting({})

    def ended(self, receiver: str, outcome: str) -> None:
        """Count a try."""
        self._tries.labels(receiver, outcome).inc()

    def waiting(self, pending: Mapping[str, tuple[int, float]]) -> None:
        """Say for each receiver how many messages wait, and for how many seconds the oldest."""
        self._pending.clear()
        self._oldest.clear()
        for receiver, (count, seconds) in pending.items():
            self._pending.labels(receiver).set(count)
            self._oldest.labels(receiver).set(seconds)

    def serve(self, host: str, port: int) -> int:
        """Listen; return the port."""
        server, _ = start_http_server(port, host, self.registry)
        return int(server.server_port)

    def _gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(f"tapeline_alerts_{name}", help_text, registry=self.registry)
