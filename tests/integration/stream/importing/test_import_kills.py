"""An import that is killed, again and again, ends as one that nobody disturbed."""

from __future__ import annotations

import multiprocessing
import os
import random
from datetime import datetime, timedelta
from pathlib import Path

from services.common import fail_points
from services.stream.importing.task import Target
from services.stream.sink.transaction import Purpose
from tests.fixtures.market import Market, Topic, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.stream.importing import import_process

KILLS = 20
POINTS = [
    *("import.part_merged", "sink.before_copy", "sink.during_copy", "sink.after_copy"),
    *("sink.after_merge", "sink.rejected_published", "sink.ledger_moved", "sink.after_commit"),
]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.integration.stream.importing.import_process"])

BARS = """
select symbol, interval, bar_time, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, revision, kafka_partition, kafka_offset
from market.{} order by symbol, interval, bar_time, revision
"""
REFUSED = """
select topic, kafka_partition, kafka_offset, key, value, reason
from market.rejected_events order by topic, kafka_offset
"""
LEDGER = """
select topic, topic_id, partition, first_offset, next_offset, stored, superseded, rejected, lost
from market.sink_offsets order by topic, partition
"""
_COUNT = "select md5(string_agg(bar::text, ';' order by bar::text)), count(*) from ({}) as bar"


def _file(folder: Path, name: str, first: datetime, price: int) -> Path:
    lines = ["time,open,high,low,close,volume"]
    for minute in range(300):
        time = first + timedelta(minutes=minute)
        lines.append(f"{time},{price},{price + 2},{price - 1},{price + 1}.25,{minute}")
        if minute % 40 == 7:  # the value of a bar that comes again counts
            lines.append(f"{time},{price},{price + 2},{price - 1},{price}.5,{minute}")
        if minute % 60 == 11:
            lines.append(f"{time},{price},{price - 2},{price - 1},{price},{minute}")
    path = folder / name
    path.write_text("\n".join(lines) + "\n", "utf-8")
    os.utime(path, (1_795_800_000, 1_795_800_000))
    return path


def _content(market: Market) -> list[object]:
    queries = (BARS.format("events_stream"), BARS.format("bar_revisions"), REFUSED, LEDGER)
    return [market.rows(_COUNT.format(query)) for query in queries]


def test_an_import_killed_twenty_times_equals_one_that_nobody_killed(
    postgres: Postgres, market: Market, bars_topic: Topic, tmp_path: Path
) -> None:
    first = datetime(2026, 11, 25, 9, 30)  # noqa: DTZ001 - a file's own clock
    paths = [
        _file(tmp_path, "one.csv", first, 100),
        _file(tmp_path, "two.csv", first + timedelta(minutes=200), 103),
    ]

    def target(of: Market) -> Target:
        return Target(of.address("stream_writer"), bars_topic.cluster, Purpose.LIVE, 10)

    chosen = random.Random(27)  # noqa: S311 - a test's own choice
    died: list[tuple[str, int | None]] = []
    while len(died) < KILLS:
        point = f"{chosen.choice(POINTS)}:{chosen.randint(1, 2)}"
        child = FORKS.Process(target=import_process.run, args=(paths, target(market), point))
        child.start()
        child.join(60)
        died.append((point, child.exitcode))
    import_process.run(paths, target(market))

    with fresh_market(postgres) as undisturbed:
        import_process.run(paths, target(undisturbed))
        wanted = _content(undisturbed)

    assert {code for _, code in died} == {fail_points.EXIT_CODE}, died
    assert _content(market) == wanted
    [(bars,)] = market.rows("select count(*) from market.events_stream")
    assert bars == 500
    assert import_process.run(paths, target(market))[0]["good"] == 0
