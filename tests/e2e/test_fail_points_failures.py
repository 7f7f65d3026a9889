"""Dies after each write of what the producer keeps about failures: a series that fails, a slice
without bars, the first bar, a damaged state. The next start goes on from exactly that.
"""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from services.common import fail_points
from services.producer.polling.backfill import OWED
from services.producer.publishing.price_basis import Basis
from services.producer.publishing.state_file import FILE_NAME
from services.producer.series import FULL, NoBars, Series, Slice
from tests.e2e import test_corporate_actions
from tests.e2e import test_fail_points_producer as others
from tests.e2e.recorded import RecordedBar, write_csv
from tests.e2e.test_fail_points_producer import (
    CLOCK,
    all_of,
    calls_answered,
    die,
    memory_of,
    recorded,
    sent,
    symbol,
    vendor,
    wait_for_beats,
)
from tests.e2e.test_real_bars import Pipeline, pipeline
from tests.fixtures.live import end, log_of, wait_for
from tests.fixtures.market import Topic

__all__ = ["pipeline", "vendor"]

FIRST_BAR_KEPT = "producer.first_bar_kept"
NO_BARS_KEPT = "producer.no_bars_kept"
OWED_KEPT = "producer.owed_kept"
FAILING_KEPT = "producer.failing_kept"
FAILING_FORGOTTEN = "producer.failing_forgotten"
FAILING_PRUNED = "producer.failing_pruned"
WANTED_AGAIN = "producer.wanted_again"
STATE_SET_ASIDE = "producer.state_set_aside"
BASIS_CHANGED = "producer.basis_changed"
DAILY = {"INTERVALS": "1d"}
HOURLY = {"SYMBOLS": "P00", "INTERVALS": "60min", "POLL_SECONDS": "600"}
HOUR = Series("P00", "60min")


def hourly(*days: str) -> list[RecordedBar]:
    return [
        RecordedBar("P00", "60min", f"2018-{day} 10:00:00", "2", "4", "1", "3", "9", "US/Eastern")
        for day in days
    ]


def test_a_month_without_bars_and_the_first_bar_are_kept(
    pipeline: Pipeline, bars_topic: Topic, tmp_path: Path
) -> None:
    bars = hourly("10-15", "12-20")
    url = pipeline.start_simulator(write_csv(bars, tmp_path / "bars.csv"), CLOCK, faults="")
    asked = {**HOURLY, "HISTORY_MONTHS": "3"}

    die(pipeline.start_producer(url, CLOCK, FAIL_AT=FIRST_BAR_KEPT, **asked))
    with memory_of(pipeline) as memory:
        assert memory.first_bar("P00") == "2018-12-20 10:00:00"
        assert memory.high_water_mark(HOUR) is None
    die(pipeline.start_producer(url, CLOCK, FAIL_AT=NO_BARS_KEPT, **asked))

    today = datetime.now(tz=UTC).date()
    with memory_of(pipeline) as memory:
        known = memory.no_bars(HOUR)
        assert known == {Slice("month", "2018-11"): NoBars("bad_call", today, today)}
    before = calls_answered(url)
    again = pipeline.start_producer(url, CLOCK, **asked)
    wait_for(lambda: sent(bars_topic) == all_of(bars), "every bar, once")
    assert end(again)[0] == 0
    # The live poll and October; of November the answer was known.
    assert calls_answered(url) == before + 2


def owed_now(pipeline: Pipeline) -> int:
    """Return how many parts of series a running producer still owes."""
    file = pipeline.stream.directory / "producer" / FILE_NAME
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as state:
        [(count,)] = state.execute("select count(*) from no_bars where kind = ?", (OWED,))
    return int(count)


def test_a_whole_that_is_owed_is_kept_before_the_coverage(
    pipeline: Pipeline, bars_topic: Topic, tmp_path: Path
) -> None:
    """Otherwise a death between the two would leave what the compact answer lacks out for good."""
    bars = recorded(1)
    file = write_csv(bars, tmp_path / "bars.csv")
    url = pipeline.start_simulator(file, CLOCK, faults="")
    lies = json.dumps({"next": ["premium_param"]}).encode()
    faults = urllib.request.Request(  # noqa: S310 - the simulator's own
        url.removesuffix("/query") + "/faults", lies, method="PUT"
    )
    urllib.request.urlopen(faults, timeout=10).close()  # noqa: S310 - as above
    asked, series = {"SYMBOLS": symbol(0), **DAILY}, Series(symbol(0), "1d")

    die(pipeline.start_producer(url, CLOCK, FAIL_AT=OWED_KEPT, **asked))

    with memory_of(pipeline) as memory:
        assert memory.high_water_mark(series) is None
        assert {part: each.kind for part, each in memory.no_bars(series).items()} == {FULL: OWED}
    again = pipeline.start_producer(url, CLOCK, **asked)
    wait_for_beats(pipeline)
    wait_for(lambda: sent(bars_topic) == all_of(bars), "every bar, once")
    # The compact answer may have held them all: what is owed is asked for next.
    wait_for(lambda: owed_now(pipeline) == 0, "the whole")
    assert end(again)[0] == 0


def test_a_series_of_another_basis_is_fetched_again_whole(
    pipeline: Pipeline, bars_topic: Topic, tmp_path: Path
) -> None:
    bars = hourly("10-15", "12-20")
    url = pipeline.start_simulator(write_csv(bars, tmp_path / "bars.csv"), CLOCK, faults="")
    asked = {**HOURLY, "HISTORY_MONTHS": "3"}
    first = pipeline.start_producer(url, CLOCK, ADJUSTED="true", **asked)
    wait_for(lambda: sent(bars_topic) == all_of(bars), "every bar, once")
    assert end(first)[0] == 0

    die(pipeline.start_producer(url, CLOCK, FAIL_AT=BASIS_CHANGED, **asked))

    with memory_of(pipeline) as memory:
        assert memory.basis(HOUR) == Basis(adjusted=False, day=date(2019, 1, 2))
        owed = {part for part, each in memory.no_bars(HOUR).items() if each.kind == OWED}
    assert {str(part) for part in owed} == {"full", "2018-10", "2018-11", "2018-12"}
    again = pipeline.start_producer(url, CLOCK, **asked)
    wait_for(lambda: sent(bars_topic) == sorted(2 * all_of(bars)), "every bar, on both bases")
    assert end(again)[0] == 0


def test_what_is_known_of_a_failing_series_outlives_a_death(
    pipeline: Pipeline, vendor: str, bars_topic: Topic, tmp_path: Path
) -> None:
    """The vendor has bars of the second symbol only later on."""
    asked, late = {"SYMBOLS": f"{symbol(0)},{symbol(1)}", **DAILY}, Series(symbol(1), "1d")

    die(pipeline.start_producer(vendor, CLOCK, FAIL_AT=FAILING_KEPT, **asked))
    with memory_of(pipeline) as memory:
        kept = memory.failing(late)
    assert kept is not None
    assert (kept.kind, kept.attempts, kept.given_up) == ("bad_call", 1, True)

    (tmp_path / "url").unlink()
    sound = pipeline.start_simulator(
        write_csv(recorded(2), tmp_path / "more.csv"), CLOCK, faults=""
    )
    restarted = pipeline.start_producer(sound, CLOCK, FAIL_AT=FAILING_FORGOTTEN, **asked)
    die(restarted)
    since = f"{kept.since:%Y-%m-%d %H:%M}"
    assert f"{late} is given up since {since} UTC (bad_call)" in log_of(restarted)
    with memory_of(pipeline) as memory:
        assert memory.failing(late) is None
        assert memory.high_water_mark(late) is None
        # Of a symbol that is wanted no more, nothing that stood against it is kept.
        memory.keep_failing(Series("GONE", "1d"), kept)
    die(pipeline.start_producer(sound, CLOCK, FAIL_AT=FAILING_PRUNED, **asked))
    with memory_of(pipeline) as memory:
        assert memory.failing(Series("GONE", "1d")) is None

    again = pipeline.start_producer(sound, CLOCK, **asked)
    wait_for_beats(pipeline)
    wait_for(lambda: sent(bars_topic) == all_of(recorded(2)), "every bar, once")
    assert end(again)[0] == 0


def test_a_series_that_is_wanted_again_has_no_past_after_a_death(
    pipeline: Pipeline, vendor: str, bars_topic: Topic, tmp_path: Path
) -> None:
    file, absent = tmp_path / "symbols.txt", Series(symbol(1), "1d")
    both, one = f"{symbol(0)}\n{symbol(1)}\n", f"{symbol(0)}\n"
    file.write_text(both)
    asked = {"SYMBOLS_FILE": str(file), "LOG_LEVEL": "INFO", **DAILY}
    child = pipeline.start_producer(vendor, CLOCK, FAIL_AT=WANTED_AGAIN, **asked)
    wait_for(lambda: f"{absent} is given up for now" in log_of(child), "the vendor's refusal")

    file.write_text(one)
    wait_for(lambda: f"1d bars of {symbol(0)}: " in log_of(child), "the shorter list")
    file.write_text(both)
    die(child)

    with memory_of(pipeline) as memory:
        assert memory.failing(absent) is None
    again = pipeline.start_producer(vendor, CLOCK, **asked)
    wait_for(lambda: f"{absent} is given up for now" in log_of(again), "another try")
    assert end(again)[0] == 0
    assert sent(bars_topic) == all_of(recorded(1))


def test_a_death_while_a_damaged_state_is_set_aside_loses_no_bar(
    pipeline: Pipeline, vendor: str, bars_topic: Topic
) -> None:
    folder, asked = pipeline.stream.directory / "producer", {"SYMBOLS": symbol(0), **DAILY}
    folder.mkdir()
    (folder / FILE_NAME).write_bytes(b"no database " * 1_000)

    die(pipeline.start_producer(vendor, CLOCK, FAIL_AT=STATE_SET_ASIDE, **asked))

    [aside] = folder.glob(f"{FILE_NAME}.damaged-*")
    assert aside.read_bytes() == b"no database " * 1_000
    assert not (folder / FILE_NAME).exists()
    again = pipeline.start_producer(vendor, CLOCK, **asked)
    wait_for(lambda: sent(bars_topic) == all_of(recorded(1)), "every bar, once")
    assert end(again)[0] == 0


def test_every_point_of_the_producer_is_tried() -> None:
    tried = {
        *others.POINTS,
        *(others.MONTH_ADDED, others.CALL_REFUNDED, others.STOP_KEPT, others.PRUNED, others.CLOSED),
        *(FIRST_BAR_KEPT, NO_BARS_KEPT, OWED_KEPT),
        *(FAILING_KEPT, FAILING_FORGOTTEN, FAILING_PRUNED, WANTED_AGAIN),
        *(STATE_SET_ASIDE, BASIS_CHANGED),
        *test_corporate_actions.POINTS,
    }
    assert {point for point in fail_points.POINTS if point.startswith("producer.")} == tried
