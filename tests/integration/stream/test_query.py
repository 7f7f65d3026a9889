"""The live job as a process: started twice, stopped, robbed of its checkpoint. Kills are the
subject of tests/e2e/test_chaos.py."""

from __future__ import annotations

import shutil

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import NewTopic

from tests.bars import bar, record
from tests.fixtures.live import Stream, end, log_of, wait_for
from tests.fixtures.market import Topic
from tests.integration.stream.many_bars import many
from tests.integration.views.expected.indicators import nothing_is_due

STOP_SECONDS = 15


def volumes(stream: Stream) -> list[int]:
    rows = stream.market.rows("select volume from market.events_stream order by volume")
    return [row[0] for row in rows]


def test_a_second_instance_refuses_and_after_sigterm_the_next_start_goes_on(
    stream: Stream, bars_topic: Topic
) -> None:
    bars_topic.send(*map(record, many(1200)))
    first = stream.start()
    stream.wait_for_offset(500)
    second = stream.start(CHECKPOINT_DIR=str(stream.directory / "other"))
    assert second.process.wait(60) == 3
    assert "refusing to start: another instance is at work on this database" in log_of(second)
    bars_topic.send(*map(record, many(100, start=1200)))
    stream.wait_for_offset(1201)

    code, seconds = end(first)

    assert (code, seconds < STOP_SECONDS) == (0, True), log_of(first)
    assert "stopped as asked" in log_of(first)
    bars_topic.send(*map(record, many(200, start=1300)))
    third = stream.start()
    stream.wait_for_offset(1500)
    assert "reading market.bars from the checkpoint" in log_of(third)
    assert volumes(stream) == list(range(1500))
    stream.reconcile()


def test_a_damaged_checkpoint_stops_the_job_and_without_it_the_ledger_leads_on(
    stream: Stream, bars_topic: Topic
) -> None:
    bars_topic.send(*map(record, many(600)))
    first = stream.start()
    stream.wait_for_offset(600)
    end(first)
    before = stream.market.rows("select * from market.events_stream order by volume")
    newest = max((stream.checkpoint / "offsets").glob("[0-9]*"), key=lambda file: int(file.name))
    newest.write_text("v1\n", encoding="utf-8")
    newest.with_name(f".{newest.name}.crc").unlink()

    second = stream.start()

    assert second.process.wait(90) == 1
    assert "Move CHECKPOINT_DIR away and start again" in log_of(second)
    assert "Traceback" not in log_of(second)
    shutil.move(stream.checkpoint, stream.directory / "damaged")
    bars_topic.send(*map(record, many(100, start=600)))
    third = stream.start()
    stream.wait_for_offset(700)
    assert "as the ledger says" in log_of(third)
    after = stream.market.rows("select * from market.events_stream order by volume")
    assert after[:600] == before
    assert volumes(stream) == list(range(700))
    stream.reconcile()


def test_records_that_aged_out_unread_stop_the_job_until_accepted(
    stream: Stream, bars_topic: Topic
) -> None:
    bars_topic.send(record(bar()))
    first = stream.start()
    stream.wait_for_offset(1)
    end(first)
    bars_topic.send(*(record(bar({"volume": str(number)})) for number in range(10)))
    [(partition, offsets)] = bars_topic.ranges().items()
    admin = KafkaAdminClient(bootstrap_servers=bars_topic.bootstrap)
    admin.delete_records({TopicPartition(bars_topic.name, partition): offsets.until - 2})
    admin.close()

    second = stream.start()

    assert second.process.wait(90) == 1
    assert (
        f"partition {partition}: offsets 1 to {offsets.until - 3} have expired from Kafka unread"
        in log_of(second)
    )
    shutil.rmtree(stream.checkpoint)
    stream.start(ACCEPT_LOST_OFFSETS="true")
    stream.wait_for_offset(offsets.until)
    assert stream.market.rows(
        "select stored + superseded, rejected, lost from market.sink_offsets where next_offset > 0"
    ) == [(3, 0, 8)]


def test_an_outage_of_the_rejected_topic_only_delays(stream: Stream, bars_topic: Topic) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bars_topic.bootstrap)
    admin.delete_topics(["market.bars.rejected"])
    bars_topic.send((b"AAPL", b"{"), record(bar()))
    child = stream.start()
    wait_for(lambda: "batch waits, nothing is lost" in log_of(child), "the alarm")
    assert stream.passed() == 0

    admin.create_topics([NewTopic("market.bars.rejected", 1, 1)])
    admin.close()
    stream.wait_for_offset(2)
    assert stream.market.rows("select reason from market.rejected_events") == [("malformed_json",)]


FOREIGN_SETTINGS = {
    "datestyle": "German",
    "intervalstyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "timezone": "Asia/Kolkata",
    "client_encoding": "SQL_ASCII",
    "default_transaction_isolation": "serializable",
}


def test_what_the_database_s_owner_set_for_everybody_changes_nothing(
    stream: Stream, bars_topic: Topic
) -> None:
    for name, value in FOREIGN_SETTINGS.items():
        database = stream.market.database
        stream.market.run(f"alter database {database} set {name} = '{value}'")
    bars_topic.send((b"AAPL", b"{\xff"), *map(record, many(300)))
    stream.start(DRIVER_ROWS="0")
    stream.wait_for_offset(301)
    wait_for(lambda: nothing_is_due(stream.market), "the indicators")

    dry = stream.run("services.stream.replay", "--from", "1h", "--dry-run")

    assert "0 new, 0 changed, 300 equal or older, 1 rejected" in dry.stdout, dry.stderr
    assert volumes(stream) == list(range(300))
    stream.reconcile()


def test_the_loss_of_spark_s_local_folder_is_told_in_a_line(
    stream: Stream, bars_topic: Topic
) -> None:
    local = stream.directory / "local"
    local.mkdir()
    bars_topic.send(*map(record, many(100)))
    child = stream.start(SPARK_LOCAL_DIRS=str(local), DRIVER_ROWS="0")
    stream.wait_for_offset(100)
    wait_for(lambda: nothing_is_due(stream.market), "the indicators")
    shutil.rmtree(local)
    local.write_text("no folder any more")
    bars_topic.send(*map(record, many(100, start=100)))

    assert child.process.wait(90) == 1
    lines = log_of(child).splitlines()
    assert len([line for line in lines if " stopped: " in line]) == 1
    assert len(lines) < 25, log_of(child)
