"""Stand-ins for the producer's edges: an HTTP endpoint, a Kafka client, clocks that are set."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from services.producer.alpha_vantage.classify import Verdict, classify
from services.producer.publishing.delivery import Delivery, Record
from services.producer.series import QUOTES, Series, Slice

Reply = Callable[[BaseHTTPRequestHandler], None]


def utc(text: str) -> datetime:
    """Return the instant that an ISO text without offset names in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def reply(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a handler that answers with a whole body."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return send


@dataclass
class Endpoint:
    """A local HTTP server that answers every request as `answer` does."""

    url: str
    answer: Reply
    requests: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)


@contextmanager
def endpoint(answer: Reply) -> Iterator[Endpoint]:
    """Run an endpoint on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = {
                name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()
            }
            served.requests.append((query, dict(self.headers.items())))
            served.connections.add(self.client_address)
            served.answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up is part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    served = Endpoint(f"http://127.0.0.1:{server.server_port}/query", answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def document(series: Series, bars: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return an answer as the API spells it; `bars` maps exchange time to the five fields."""
    names = ("1. open", "2. high", "3. low", "4. close", "5. volume")
    length = "Daily" if series.interval == "1d" else series.interval
    return {
        "Meta Data": {"2. Symbol": series.symbol, "6. Time Zone": "US/Eastern"},
        f"Time Series ({length})": {
            time: dict(zip(names, fields, strict=True)) for time, fields in bars.items()
        },
    }


class Vendor:
    """An API in memory: the newest 100 bars for compact, 30 days for full, a month for month."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.bars: dict[Series, dict[str, Sequence[str]]] = {}
        self.lists: dict[Series, list[dict[str, str]]] = {}
        self.quotes: dict[str, dict[str, str]] = {}
        self.envelopes: list[dict[str, str]] = []
        self.calls: list[tuple[Series, Slice]] = []
        self._now = now

    def fetch(self, series: Series, part: Slice) -> tuple[Verdict, datetime]:
        """Answer a call; queued envelopes come first."""
        self.calls.append((series, part))
        content: Any = self.envelopes.pop(0) if self.envelopes else self._answer(series, part)
        return classify(200, {}, json.dumps(content).encode(), series), self._now()

    def _answer(self, series: Series, part: Slice) -> Any:
        if series.interval == QUOTES:
            rows = [self.quotes[each] for each in series.symbols if each in self.quotes]
            return {"endpoint": "Realtime Bulk Quotes", "message": "success", "data": rows}
        if series in self.lists:
            return {"symbol": series.symbol, "data": self.lists[series]}
        bars = self.bars.get(series)
        if bars is None:
            return {"Error Message": "Invalid API call. Please retry"}
        oldest = (self._now() - timedelta(days=30)).strftime("%Y-%m-%d")
        if part.extent == "compact":
            times = sorted(bars)[-100:]
        else:
            times = [
                time
                for time in bars
                if time.startswith(part.month) and (part.month or time >= oldest)
            ]
        return document(series, {time: bars[time] for time in times})


class Broker:
    """A Kafka broker in memory. `up` and `has_topic` can be switched; `log` is what it took."""

    def __init__(self) -> None:
        self.log: list[tuple[bytes, bytes]] = []
        self.topics: list[str] = []
        self.up = True
        self.has_topic = True
        self.clients = 0

    def connect(self) -> BrokerClient:
        """Return a client, as KafkaProducer would."""
        self.clients += 1
        if not self.up:
            raise KafkaTimeoutError("Unable to bootstrap")
        return BrokerClient(self)


class BrokerClient:
    """The protocol of a Kafka client over a Broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.fails_with: Exception | None = None
        self.closed = False

    def partitions_for(self, topic: str) -> set[int]:
        if not self._broker.has_topic:
            raise KafkaTimeoutError(f"no metadata for {topic}")
        return {0}

    def send(self, topic: str, value: bytes, key: bytes) -> Future:
        if not self._broker.up:
            return Future(KafkaTimeoutError("expired"))
        if self.fails_with is not None:
            return Future(self.fails_with)
        self._broker.log.append((key, value))
        self._broker.topics.append(topic)
        return Future(None)

    def send_all(
        self,
        topic: str,
        records: Sequence[tuple[bytes, bytes]],
        together: bool,  # noqa: ARG002
    ) -> list[Any]:
        return [self._sent(topic, key, value) for key, value in records]

    def _sent(self, topic: str, key: bytes, value: bytes) -> Any:
        try:
            return self.send(topic, value, key)
        except MessageSizeTooLargeError as error:
            return error

    def close(self, timeout: float) -> None:  # noqa: ARG002
        self.closed = True

    def abort(self) -> None:
        """Nothing is open."""


@dataclass
class Future:
    """A future that is done, or with `pending` never will be."""

    exception: Exception | None
    pending: bool = False

    @property
    def is_done(self) -> bool:
        return not self.pending

    def get(self, timeout: float) -> None:
        if self.pending:
            threading.Event().wait(min(timeout, 0.01))
            raise KafkaTimeoutError("not yet")
        if self.exception is not None:
            raise self.exception

    def succeeded(self) -> bool:
        return self.is_done and self.exception is None


class ListWriter:
    """A writer that keeps what it takes; `plan` gives the deliveries of the next batches."""

    def __init__(self, plan: Callable[[Sequence[Record]], list[Delivery]] | None = None) -> None:
        self.taken: list[Record] = []
        self.batches: list[list[Record]] = []
        self._plan = plan

    def deliver(
        self,
        records: Sequence[Record],
        abandon: threading.Event,  # noqa: ARG002
    ) -> list[Delivery]:
        self.batches.append(list(records))
        ends = self._plan(records) if self._plan else [Delivery.ACKNOWLEDGED] * len(records)
        self.taken += [
            record
            for record, end in zip(records, ends, strict=True)
            if end is Delivery.ACKNOWLEDGED
        ]
        return ends

    def close(self) -> None:
        """Nothing is held."""


class Clock:
    """A clock that stands still until it is moved; also the monotonic one."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._start = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def move(self, **delta: float) -> None:
        self._now += timedelta(**delta)
