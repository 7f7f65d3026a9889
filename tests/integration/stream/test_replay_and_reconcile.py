"""Replay and reconcile beside the job that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from kafka import KafkaAdminClient, TopicPartition

from scripts.local_stack.servers.passwords import ADMINISTRATOR
from tests.bars import record
from tests.fixtures.live import Stream, end, wait_for
from tests.fixtures.market import Topic
from tests.integration.stream.many_bars import many

DAY = {"adjusted_as_of": "2025-11-06"}
BASES: tuple[dict[str, Any], ...] = (
    {"adjusted": False},
    DAY,
    {**DAY, "adjusted_for": "splits_and_dividends"},
    {**DAY, "adjusted_for": "splits"},
    {"adjusted_for": "splits"},
)


def test_a_replay_restores_deleted_bars_while_the_job_runs(
    stream: Stream, bars_topic: Topic
) -> None:
    events = many(700)
    # On each basis that an event can tell; the others tell no day.
    for number, basis in enumerate(BASES):
        events[number] = replace(events[number], **basis)
    stored = "select volume, kafka_offset, basis from market.events_stream order by 1"
    bars_topic.send(*map(record, events))
    stream.start()
    stream.wait_for_offset(700)
    ledger = stream.market.rows("select * from market.sink_offsets order by partition")
    before = stream.market.rows(stored)
    told = ["raw", "adjusted 2025-11-06", "adjusted 2025-11-06", "split 2025-11-06", "unknown"]
    assert [row[2] for row in before[:6]] == [*told, "unknown"]
    stream.market.run("delete from market.events_stream where volume < 70")

    dry = stream.run("services.stream.replay", "--from", "1h", "--dry-run")
    one = stream.run("services.stream.replay", "--from", "1h", "--symbol", "s3")
    none = stream.run("services.stream.replay", "--from", "1h", "--symbol", "M&M.BSE", "--dry-run")
    full = stream.run("services.stream.replay", "--from", "1h")

    assert "70 new, 0 changed, 630 equal or older, 0 rejected" in dry.stdout, dry.stderr
    assert "10 new, 0 changed, 90 equal or older, 0 rejected" in one.stdout, one.stderr
    assert "none of the 700 records is of M&M.BSE" in none.stdout, none.stderr
    assert "60 new, 0 changed, 640 equal or older, 0 rejected" in full.stdout, full.stderr
    assert stream.market.rows(stored) == before
    assert stream.market.rows("select * from market.sink_offsets order by partition") == ledger
    stream.reconcile()


def test_reconcile_finds_a_lost_and_a_doubled_record(stream: Stream, bars_topic: Topic) -> None:
    bars_topic.send(*map(record, many(70)))
    child = stream.start()
    stream.wait_for_offset(70)
    end(child)
    stream.market.run("delete from market.events_stream where volume = 13")
    stream.market.run(
        "insert into market.rejected_events "
        "select 'market.bars', kafka_partition, kafka_offset, null, null, 'x', now() "
        "from market.events_stream where volume = 14"
    )

    result = stream.run("services.stream.reconcile")

    assert result.returncode == 1
    assert "unaccounted 1" in result.stdout
    assert "duplicated 1" in result.stdout
    assert "NOT every record is in order" in result.stdout


def remove(topic: Topic, before: dict[int, int]) -> None:
    """Remove the records below an offset of each partition, as retention does."""
    admin = KafkaAdminClient(bootstrap_servers=topic.bootstrap)
    admin.delete_records({TopicPartition(topic.name, number): it for number, it in before.items()})
    admin.close()


@contextmanager
def held_up(stream: Stream, table: str) -> Iterator[Callable[[], None]]:
    """Keep the stream from a table; yield what waits until one of its sessions wants it."""
    waiting = "select count(*) > 0 from pg_locks where relation = %s::regclass and not granted"
    with stream.market.connect(ADMINISTRATOR) as holder:
        holder.execute(f"lock table {table}".encode())
        yield lambda: wait_for(
            lambda: stream.market.rows(waiting, (table,)) == [(True,)], "a session to wait"
        )


def test_reconcile_says_what_was_removed_before_it_could_read_it(
    stream: Stream, bars_topic: Topic
) -> None:
    bars_topic.send(*map(record, many(70)))
    child = stream.start()
    stream.wait_for_offset(70)
    end(child)
    ends = {number: offsets.until for number, offsets in bars_topic.ranges().items()}
    number = max(ends, key=lambda partition: ends[partition])
    with (
        ThreadPoolExecutor() as pool,
        held_up(stream, "market.rejected_events") as wait_for_a_session,
    ):
        running = pool.submit(stream.run, "services.stream.reconcile")
        wait_for_a_session()  # it has the bounds, and has read no record yet
        remove(bars_topic, {number: ends[number] - 1})
    result = running.result()

    assert result.returncode == 0, result.stdout + result.stderr
    assert (
        f"partition {number} [0, {ends[number]}): produced 1 = stored 1 + superseded 0 + "
        f"rejected 0; unaccounted 0, duplicated 0, absent 0, lag 0: balanced; retention removed "
        f"{ends[number] - 1} unread" in result.stdout
    )


def test_a_replay_stops_in_one_line_where_its_records_are_removed_under_it(
    stream: Stream, bars_topic: Topic
) -> None:
    bars_topic.send(*map(record, many(1200)))
    child = stream.start()
    stream.wait_for_offset(1200)
    end(child)
    ends = {number: offsets.until for number, offsets in bars_topic.ranges().items()}
    with ThreadPoolExecutor() as pool, held_up(stream, "market.sink_offsets") as wait_for_a_session:
        running = pool.submit(stream.run, "services.stream.replay", "--from", "1h")
        wait_for_a_session()  # the first part is read, and waits to be merged
        remove(bars_topic, ends)
    result = running.result()

    assert result.returncode == 1, result.stdout + result.stderr
    assert "Retention removed records of the selection while they were read" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
