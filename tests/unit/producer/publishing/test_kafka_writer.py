from __future__ import annotations

import logging
import threading

import pytest
from kafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumberError,
    TopicAuthorizationFailedError,
)

from services.common.kafka_cluster.cluster import KafkaCluster
from services.producer.publishing.delivery import Delivery, Record
from services.producer.publishing.kafka_writer import KafkaWriter
from services.producer.series import Series
from tests.unit.producer.fakes import Broker, BrokerClient, Future

SERIES = Series("AAPL", "5min")
RECORDS = [Record(SERIES, f"t{n}", b"f", b"AAPL", b"%d" % n) for n in range(3)]
LOG = logging.getLogger("test-publish")


class _Script:
    """A connector that gives out prepared clients and keeps them."""

    def __init__(self, *clients: BrokerClient | KafkaError) -> None:
        self._left = list(clients)
        self.given: list[BrokerClient] = []

    def __call__(self) -> BrokerClient:
        client = self._left.pop(0)
        if isinstance(client, KafkaError):
            raise client
        self.given.append(client)
        return client


class _Hanging(BrokerClient):
    """A client whose records never get an answer, like a broker that is stopped."""

    aborted = False

    def send(self, topic: str, value: bytes, key: bytes) -> Future:  # noqa: ARG002
        return Future(None, pending=True)

    def abort(self) -> None:
        self.aborted = True


class _TooLarge(BrokerClient):
    def send(self, topic: str, value: bytes, key: bytes) -> Future:
        if value == b"1":
            raise MessageSizeTooLargeError("1 MB")
        return super().send(topic, value, key)


def _writer(connector: _Script, overdue_seconds: float = 60.0) -> KafkaWriter:
    cluster = KafkaCluster(("kafka:9092",))
    return KafkaWriter("market.bars", cluster, connector, LOG, overdue_seconds)


def test_every_record_is_acknowledged_in_order() -> None:
    broker = Broker()
    writer = _writer(_Script(broker.connect()))
    assert writer.deliver(RECORDS, threading.Event()) == [Delivery.ACKNOWLEDGED] * 3
    assert broker.log == [(b"AAPL", b"0"), (b"AAPL", b"1"), (b"AAPL", b"2")]


def test_one_client_serves_many_batches() -> None:
    broker, abandon = Broker(), threading.Event()
    connector = _Script(broker.connect())
    writer = _writer(connector)
    for _ in range(3):
        writer.deliver(RECORDS, abandon)
    writer.close()
    assert (len(broker.log), connector.given[0].closed) == (9, True)


def test_after_a_fatal_error_the_client_is_built_anew() -> None:
    broker = Broker()
    broken, sound = broker.connect(), broker.connect()
    broken.fails_with = OutOfOrderSequenceNumberError()
    writer = _writer(_Script(broken, sound))
    assert writer.deliver(RECORDS, threading.Event()) == [Delivery.FAILED] * 3
    assert broken.closed
    assert writer.deliver(RECORDS, threading.Event()) == [Delivery.ACKNOWLEDGED] * 3


def test_a_refused_record_does_not_hold_up_the_rest() -> None:
    broker = Broker()
    writer = _writer(_Script(_TooLarge(broker)))
    assert writer.deliver(RECORDS, threading.Event()) == [
        Delivery.ACKNOWLEDGED,
        Delivery.REFUSED,
        Delivery.ACKNOWLEDGED,
    ]


def test_what_a_broker_refuses_is_refused_when_it_is_sent_alone_by_a_new_client() -> None:
    broker = Broker()
    clients = [broker.connect() for _ in range(3)]
    for client in clients:
        client.fails_with = MessageSizeTooLargeError("broker's limit")
    writer = _writer(_Script(*clients))
    # All of a batch is refused by the first, which may be too large as a whole.
    assert writer.deliver(RECORDS, threading.Event()) == [Delivery.FAILED] * 3
    assert writer.deliver(RECORDS, threading.Event()) == [
        Delivery.REFUSED,
        Delivery.FAILED,
        Delivery.FAILED,
    ]
    assert [client.closed for client in clients] == [True, True, True]


def test_kafka_is_waited_for_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    broker = Broker()
    away = [KafkaError("away"), KafkaError("away")]
    writer = _writer(_Script(*away, broker.connect()))
    with caplog.at_level(logging.INFO, LOG.name):
        assert writer.deliver(RECORDS[:1], threading.Event()) == [Delivery.ACKNOWLEDGED]
    away_at, again_at = caplog.messages
    assert "kafka:9092 (KafkaError); check KAFKA_BOOTSTRAP" in away_at
    assert again_at == "Kafka at kafka:9092 takes bars again"


def test_a_missing_topic_names_the_command_that_makes_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker, without = Broker(), Broker()
    without.has_topic = False
    lost = without.connect()
    writer = _writer(_Script(lost, broker.connect()))
    with caplog.at_level(logging.WARNING, LOG.name):
        assert writer.deliver(RECORDS[:1], threading.Event()) == [Delivery.ACKNOWLEDGED]
    assert len(caplog.messages) == 1
    assert "no topic market.bars" in caplog.messages[0]
    assert "`python -m services.topics.main`" in caplog.messages[0]
    assert lost.closed


class _Denied(BrokerClient):
    """A client whose user may not write: told of at once, by `send`, or by the broker."""

    def __init__(self, broker: Broker, at: str) -> None:
        super().__init__(broker)
        self._at = at

    def partitions_for(self, topic: str) -> set[int]:
        if self._at == "once":
            raise TopicAuthorizationFailedError({topic})
        return super().partitions_for(topic)

    def send(self, topic: str, value: bytes, key: bytes) -> Future:  # noqa: ARG002
        if self._at == "send":
            raise TopicAuthorizationFailedError({topic})
        return Future(TopicAuthorizationFailedError(topic))


@pytest.mark.parametrize("at", ["once", "send", "broker"])
def test_a_missing_right_is_named_with_its_topic_and_waited_for(
    at: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker, abandon = Broker(), threading.Event()
    writer = _writer(_Script(_Denied(broker, at), broker.connect()))
    with caplog.at_level(logging.WARNING, LOG.name):
        ends = writer.deliver(RECORDS[:1], abandon)
        if at != "once":  # there it has connected again meanwhile
            assert ends == [Delivery.FAILED]
            ends = writer.deliver(RECORDS[:1], abandon)
    assert ends == [Delivery.ACKNOWLEDGED]
    assert caplog.messages == [
        "Kafka at kafka:9092: a client without a user lacks the right Write on the topic "
        "market.bars; add that ACL; bars wait and nothing is lost"
    ]


def test_a_client_that_never_answers_is_built_anew() -> None:
    broker = Broker()
    hanging = _Hanging(broker)
    writer = _writer(_Script(hanging, broker.connect()), overdue_seconds=0.05)
    assert writer.deliver(RECORDS, threading.Event()) == [Delivery.FAILED] * 3
    assert (hanging.aborted, hanging.closed) == (True, True)
    assert writer.deliver(RECORDS, threading.Event()) == [Delivery.ACKNOWLEDGED] * 3


def test_abandoning_ends_the_wait_for_an_answer() -> None:
    client, abandon = _Hanging(Broker()), threading.Event()
    writer = _writer(_Script(client))
    timer = threading.Timer(0.05, abandon.set)
    timer.start()
    assert writer.deliver(RECORDS, abandon) == [Delivery.FAILED] * 3
    timer.join()
    assert client.aborted
    assert client.closed


def test_abandoning_ends_the_wait_for_kafka() -> None:
    abandon = threading.Event()
    timer = threading.Timer(0.05, abandon.set)
    timer.start()
    writer = _writer(_Script(*[KafkaError("away")] * 1_000))
    assert writer.deliver(RECORDS, abandon) == [Delivery.FAILED] * 3
    timer.join()
