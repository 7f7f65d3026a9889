"""Counters and gauges of the alerts, served to Prometheus."""

from __future__ import annotations

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

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
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
        self._pending = Gauge(
            "tapeline_alerts_pending",
            "Messages that wait for a receiver.",
            ["receiver"],
            registry=self.registry,
        )

    def ended(self, receiver: str, outcome: str) -> None:
        """Count a try."""
        self._tries.labels(receiver, outcome).inc()

    def waiting(self, pending: dict[str, int]) -> None:
        """Say how many messages wait."""
        self._pending.clear()
        for receiver, count in pending.items():
            self._pending.labels(receiver).set(count)

    def serve(self, host: str, port: int) -> int:
        """Listen; return the port."""
        server, _ = start_http_server(port, host, self.registry)
        return int(server.server_port)

    def _gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(f"tapeline_alerts_{name}", help_text, registry=self.registry)
