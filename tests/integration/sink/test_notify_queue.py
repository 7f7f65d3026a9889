"""NOTIFY's queue is full, since somebody listens and does not hear: the sink waits for him."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors

from scripts.local_stack.servers import postgres_server
from tests.bars import bar, record
from tests.fixtures import servers
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market, Topic
from tests.fixtures.servers import Postgres
from tests.fixtures.sink import SinkBench


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Run a server whose queue is as short as it can be, 512 KiB."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(postgres_server.SETTINGS, "max_notify_queue_pages", "64")
        with servers.running_postgres(tmp_path_factory) as running:
            yield running


def fill_queue(reader: psycopg.Connection) -> None:
    """Notify nobody until the server refuses it. Raises ProgramLimitExceeded."""
    flood = "select pg_notify('flood', n || repeat('x', 7000)) from generate_series(1, 10) as n"
    for _ in range(100):
        reader.execute(flood.encode())
        reader.commit()


def test_a_full_queue_is_waited_out(
    market: Market, make_topic: Callable[[int], Topic], make_sink: Callable[..., SinkBench]
) -> None:
    topic = make_topic(1)
    topic.send(record(bar()))
    bench = make_sink(topic)
    with (
        ThreadPoolExecutor() as pool,
        market.connect("dashboard_reader") as deaf,
        market.connect("dashboard_reader") as reader,
    ):
        deaf.execute("listen bars")
        deaf.commit()
        deaf.execute("select 1")  # what it has not heard stays in the queue until it commits
        with pytest.raises(errors.ProgramLimitExceeded):
            fill_queue(reader)
        reader.rollback()
        applying = pool.submit(bench.apply)
        wait_for(lambda: bench.retries != [], "the alarm")
        deaf.rollback()
        applied = applying.result(60)

    assert (applied.stored, set(bench.retries)) == (1, {"54000"})
    assert market.rows("select symbol from market.events_stream") == [("AAPL",)]
