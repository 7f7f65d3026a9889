"""Small files share a transaction, and each is a source of its own all the same. Without Spark."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from services.common import fail_points
from services.stream.importing.task import Target
from services.stream.sink.transaction import Purpose
from tests.fixtures.market import Market, Topic, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.stream.importing import import_process
from tests.integration.stream.importing.test_import_kills import (
    BARS,
    FORKS,
    LEDGER,
    REFUSED,
)


class Kill(NamedTuple):
    """Where an import dies for the n-th time, and of how many files it is certain then."""

    point: str
    time: int
    sources: int


# Four files share a transaction.
KILLS = (
    Kill("import.files_in_ledger", 1, 0),
    Kill("import.files_in_ledger", 2, 4),
    Kill("sink.copied_straight", 1, 4),
    Kill("sink.copied_straight", 2, 8),
    Kill("import.files_committed", 1, 12),
    Kill("import.files_stored", 1, 16),
)
TRANSACTIONS = "select count(distinct xmin::text) from market.sink_offsets"


def days(folder: Path, count: int, minutes: int = 120, first: int = 0) -> list[Path]:
    """Return files of a day each, of so many minutes from the opening on."""
    paths = []
    for number in range(first, first + count):
        day, price = date(2026, 10, 1) + timedelta(days=number), 100 + number
        lines = ["time,open,high,low,close,volume"]
        for minute in range(minutes):
            time = f"{day} {9 + (30 + minute) // 60:02}:{(30 + minute) % 60:02}:00"
            lines.append(f"{time},{price},{price + 2},{price - 1},{price + 1}.25,{minute}")
        paths.append(folder / f"{day}.csv")
        paths[-1].write_text("\n".join(lines) + "\n", "utf-8")
        os.utime(paths[-1], (1_795_800_000, 1_795_800_000))
    return paths


def content(market: Market) -> list[object]:
    queries = (BARS.format("events_stream"), BARS.format("bar_revisions"), REFUSED, LEDGER)
    return [market.rows(query) for query in queries]


def target_of(market: Market, topic: Topic) -> Target:
    return Target(market.address("stream_writer"), topic.cluster, Purpose.LIVE, 400)


def apart(postgres: Postgres, topic: Topic, files: Iterable[Path]) -> list[object]:
    """Return what is stored of files that are imported one by one."""
    with fresh_market(postgres) as other:
        for path in files:
            import_process.run([path], target_of(other, topic))
        return content(other)


def told(reports: Sequence[dict[str, object]]) -> list[tuple[object, ...]]:
    return [tuple(one[name] for name in ("good", "bad", "added", "changed")) for one in reports]


def test_files_of_a_day_share_a_transaction(
    postgres: Postgres, market: Market, bars_topic: Topic, tmp_path: Path
) -> None:
    files = days(tmp_path, 10)
    # One with a row that is refused, and one larger than a part, are imported by themselves.
    with files[4].open("a", encoding="utf-8") as file:
        file.write("2026-10-05 15:00:00,10,9,10,10,1\n")
    os.utime(files[4], (1_795_800_000, 1_795_800_000))
    files += days(tmp_path, 1, minutes=420, first=10)

    reports = import_process.run(files, target_of(market, bars_topic))

    usual = (120, 0, 120, 0)
    assert told(reports) == [*4 * [usual], (120, 1, 120, 0), *5 * [usual], (420, 0, 420, 0)]
    # 4 together, the refused one, 4 and 1 together or alone, and the large one.
    assert market.rows(TRANSACTIONS) == [(5,)]
    assert content(market) == apart(postgres, bars_topic, files)
    assert told(import_process.run(files, target_of(market, bars_topic))) == 11 * [(0, 0, 0, 0)]


def test_files_with_a_bar_that_is_known_are_imported_one_by_one(
    market: Market, bars_topic: Topic, tmp_path: Path
) -> None:
    files = days(tmp_path, 3)
    copied = tmp_path / "again.csv"
    copied.write_text(files[1].read_text("utf-8").replace(",101,", ",101.5,"), "utf-8")
    os.utime(copied, (1_795_800_060, 1_795_800_060))

    reports = import_process.run([*files, copied], target_of(market, bars_topic))
    later = days(tmp_path, 1, minutes=130, first=2)
    reports += import_process.run(
        [*later, *days(tmp_path, 1, first=3)], target_of(market, bars_topic)
    )

    usual = (120, 0, 120, 0)
    assert told(reports) == [usual, usual, usual, (120, 0, 0, 120), (130, 0, 10, 0), usual]
    assert market.rows(TRANSACTIONS) == [(6,)]


def test_an_import_of_small_files_that_is_killed_goes_on_where_it_was(
    postgres: Postgres, market: Market, bars_topic: Topic, tmp_path: Path
) -> None:
    files, target = days(tmp_path, 20), target_of(market, bars_topic)
    died = []
    for kill in KILLS:
        armed = f"{kill.point}:{kill.time}"
        child = FORKS.Process(target=import_process.run, args=(files, target, armed))
        child.start()
        child.join(300)
        died.append((child.exitcode, *market.rows("select count(*) from market.sink_offsets")[0]))
    import_process.run(files, target)

    assert died == [(fail_points.EXIT_CODE, kill.sources) for kill in KILLS]
    assert content(market) == apart(postgres, bars_topic, files)
