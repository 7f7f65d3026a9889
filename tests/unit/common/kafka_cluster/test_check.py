"""Whether settings fit a Kafka: a line and an exit code, against what listens here."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from services.common.kafka_cluster.check import check


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        yield taken.getsockname()[1]


def test_a_wrong_setting_is_its_line() -> None:
    assert check({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}) == (
        2,
        "KAFKA_USER is ''; KAFKA_SECURITY_PROTOCOL=SASL_SSL needs a name without blanks, quotes, "
        "commas and equals signs",
    )


def test_a_broker_out_of_reach_names_what_keeps_containers_in(closed_port: int) -> None:
    assert check({"KAFKA_BOOTSTRAP": f"127.0.0.1:{closed_port}"}) == (
        1,
        f"no broker can be reached at 127.0.0.1:{closed_port}; correct KAFKA_BOOTSTRAP, and in "
        "containers set INGEST_INTERNAL=false for a Kafka elsewhere",
    )
