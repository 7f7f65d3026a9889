"""Chooses where each part of a run listens."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.local_stack.servers.ports import HOST, free_ports, require_free

_FIXED = {
    "postgres": 5432,
    "kafka": 9092,
    "kafka_controller": 9093,
    "simulator": 8765,
    "producer_metrics": 9401,
    "stream_metrics": 9402,
    "dashboard": 8050,
}


@dataclass(frozen=True)
class Addresses:
    """The ports of a run, all on the loopback interface."""

    postgres: int
    kafka: int
    kafka_controller: int
    simulator: int
    producer_metrics: int
    stream_metrics: int
    dashboard: int

    @property
    def bootstrap(self) -> str:
        """Return Kafka's address for its clients."""
        return f"{HOST}:{self.kafka}"

    @property
    def dashboard_url(self) -> str:
        """Return the address of the live page."""
        return f"http://{HOST}:{self.dashboard}/"

    @property
    def simulator_url(self) -> str:
        """Return the simulator's endpoint."""
        return f"http://{HOST}:{self.simulator}/query"


def choose_addresses(kind: str) -> Addresses:
    """Return free ports (`auto`) or the well-known ones (`fixed`), which must be free."""
    if kind == "fixed":
        require_free(list(_FIXED.values()))
        return Addresses(**_FIXED)
    return Addresses(*free_ports(len(_FIXED)))
