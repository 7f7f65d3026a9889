from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.producer.publishing.price_basis import Basis, Prices
from services.producer.publishing.state_file import FILE_NAME, StateStoreError
from services.producer.publishing.state_store import StateStore
from services.producer.series import FULL, Failing, HighWaterMark, NoBars, Series, Slice

FIVE = Series("AAPL", "5min")
NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)


def test_acknowledged_bars_are_remembered_across_restarts(tmp_path: Path) -> None:
    first = StateStore(tmp_path, NOW)
    first.remember([(FIVE, "2026-03-05 10:00:00", b"a"), (FIVE, "2026-03-05 10:05:00", b"b")])
    first.remember([(FIVE, "2026-03-05 10:05:00", b"c")])
    first.close()
    second = StateStore(tmp_path, NOW)
    assert second.fingerprints(FIVE, "2026-03-05 10:05:00", "2026-03-06") == {
        "2026-03-05 10:05:00": b"c"
    }
    assert second.fingerprints(Series("MSFT", "5min"), "", "z") == {}
    second.close()


def test_a_kill_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    killed, copy = StateStore(tmp_path / "state", NOW), tmp_path / "copy"
    mark = HighWaterMark(NOW, "2026-03-05 10:05:00", NOW)
    killed.remember([(FIVE, "2026-03-05 10:00:00", b"a")])
    killed.cover(FIVE, mark)
    killed.keep_anchors(FIVE, {"2026-03-05 10:00:00": ("1", "2", "3", "4")})
    killed.keep_basis(Series("MSFT", "5min"), Basis(adjusted=False, day=NOW.date()))
    # What a process leaves that never closed its file.
    shutil.copytree(tmp_path / "state", copy)
    killed.close()
    with closing(StateStore(copy, NOW)) as memory:
        assert memory.fingerprints(FIVE, "", "z") == {"2026-03-05 10:00:00": b"a"}
        assert memory.high_water_mark(FIVE) == mark
        assert memory.anchors(FIVE, "", "z") == {"2026-03-05 10:00:00": ("1", "2", "3", "4")}
        assert memory.basis(Series("MSFT", "5min")) == Basis(adjusted=False, day=NOW.date())


def prices(number: int) -> Prices:
    return f"{number}.0100", f"{number}.5", "0.1", f"{number}"


@pytest.mark.parametrize("series", [FIVE, Series("AAPL", "1d")], ids=str)
def test_the_prices_of_bars_are_kept_one_by_one(tmp_path: Path, series: Series) -> None:
    first, other = StateStore(tmp_path, NOW), Series("MSFT", series.interval)
    times = [
        f"2026-{month:02}-{day:02} 10:{15 * day:02}:00" for month in (1, 2) for day in (1, 2, 3)
    ]
    kept = {time: prices(number) for number, time in enumerate(times)}
    first.keep_anchors(series, kept)
    first.keep_anchors(other, {times[0]: prices(9)})
    revised = {times[1]: prices(7), "2026-02-03 10:50:00": prices(8), '"odd" \\ ': prices(5)}
    first.keep_anchors(series, revised)
    first.close()
    second = StateStore(tmp_path, NOW)
    assert second.anchors(series, "", "z") == {**kept, **revised}
    assert second.anchors(series, times[1], times[4]) == {
        time: {**kept, **revised}[time] for time in times[1:5]
    }
    second.keep_basis(series, Basis(adjusted=True, day=NOW.date()))
    assert second.anchors(series, "", "z") == {}
    assert second.anchors(other, "", "z") == {times[0]: prices(9)}
    second.close()


def test_prices_that_an_older_release_kept_are_read_on(tmp_path: Path) -> None:
    StateStore(tmp_path, NOW).close()
    times = ["2026-03-05 10:00:00", "2026-03-05 10:15:00", "2026-03-05 10:30:00"]
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as state, state:
        state.execute("drop table anchor_spans")
        rows = [(*FIVE, time, *prices(number)) for number, time in enumerate(times)]
        state.executemany("insert into anchors values (?, ?, ?, ?, ?, ?, ?)", rows)
    with closing(StateStore(tmp_path, NOW)) as memory:
        memory.keep_anchors(FIVE, {times[1]: prices(7)})
        known = {times[0]: prices(0), times[1]: prices(7), times[2]: prices(2)}
        assert memory.anchors(FIVE, "", "z") == known
        memory.prune(NOW + timedelta(days=200))
        assert memory.anchors(FIVE, "", "z") == {}


def test_coverage_and_months_are_kept(tmp_path: Path) -> None:
    memory = StateStore(tmp_path, NOW)
    assert memory.high_water_mark(FIVE) is None
    high_water_mark = HighWaterMark(NOW, "2026-03-05 10:05:00", NOW - timedelta(days=1))
    memory.cover(FIVE, high_water_mark)
    for _ in range(2):
        memory.add_answered(FIVE, Slice("month", "2026-01"))
    memory.add_answered(FIVE, FULL)
    assert memory.high_water_mark(FIVE) == high_water_mark
    assert memory.months(FIVE) == {"2026-01"}
    memory.close()


def test_what_fails_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    first = StateStore(tmp_path, NOW)
    failing = Failing("bad_call", 3, NOW - timedelta(days=1), NOW, given_up=True)
    others = [Series("MSFT", "5min"), Series("AAPL", "1d")]
    for series in (FIVE, *others):
        first.keep_failing(series, failing)
    first.forget_failing(others[0])
    first.close()
    second = StateStore(tmp_path, NOW)
    assert [second.failing(series) for series in (FIVE, *others)] == [failing, None, failing]
    second.keep_failing_only_of([FIVE])
    assert [second.failing(series) for series in (FIVE, *others)] == [failing, None, None]
    second.close()


def test_slices_without_bars_are_kept_by_the_day(tmp_path: Path) -> None:
    memory, today, month = StateStore(tmp_path, NOW), NOW.date(), Slice("month", "2025-11")
    yesterday = today - timedelta(days=1)
    assert memory.add_no_bars(FIVE, FULL, "short", today) == NoBars("short", today, today)
    memory.add_no_bars(FIVE, month, "empty_json", yesterday)
    seen_twice = memory.add_no_bars(FIVE, month, "empty_json", today)
    assert seen_twice == NoBars("empty_json", yesterday, today)
    assert memory.no_bars(FIVE) == {FULL: NoBars("short", today, today), month: seen_twice}
    assert memory.add_no_bars(FIVE, month, "bad_call", today) == NoBars("bad_call", today, today)
    memory.add_answered(FIVE, FULL)
    memory.add_answered(FIVE, month)
    assert memory.no_bars(FIVE) == {}
    assert memory.months(FIVE) == {"2025-11"}
    memory.close()


def test_the_first_bar_ever_seen_is_kept_by_symbol(tmp_path: Path) -> None:
    memory = StateStore(tmp_path, NOW)
    assert memory.first_bar("AAPL") == ""
    for time in ("2026-03-05 10:00:00", "2026-03-04 10:00:00", "2026-03-06 10:00:00"):
        memory.see_bar("AAPL", time)
    assert (memory.first_bar("AAPL"), memory.first_bar("MSFT")) == ("2026-03-04 10:00:00", "")
    memory.close()


def test_a_file_of_the_release_before_goes_on(tmp_path: Path) -> None:
    """And knows the first bars of what it holds."""
    memory = StateStore(tmp_path, NOW)
    memory.remember([(FIVE, "2026-03-05 10:00:00", b"a"), (FIVE, "garbage", b"b")])
    memory.charge(NOW, FIVE)
    memory.close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as old:
        for table in ("series_calls", "failing", "no_bars", "first_bars"):
            old.execute(f"drop table {table}")
    again = StateStore(tmp_path, NOW)
    assert again.first_bar("AAPL") == "2026-03-05 10:00:00"
    assert (again.calls(), again.calls_of(FIVE, NOW.date())) == ([NOW], 0)
    again.close()


def test_the_newest_observation_survives_a_restart(tmp_path: Path) -> None:
    first = StateStore(tmp_path, NOW)
    assert first.newest_observation() is None
    first.remember([(FIVE, "2026-03-05 10:05:00", b"a")], "2026-03-05T15:10:00.500Z")
    first.remember([(FIVE, "2026-03-05 10:00:00", b"b")], "2026-03-05T15:09:59.000Z")
    first.remember([(FIVE, "2026-03-05 09:55:00", b"c")])
    first.close()
    second = StateStore(tmp_path, NOW)
    assert second.newest_observation() == datetime(2026, 3, 5, 15, 10, 0, 500_000, tzinfo=UTC)
    second.close()


def test_the_days_calls_survive_a_restart(tmp_path: Path) -> None:
    first = StateStore(tmp_path, NOW)
    calls = [NOW - timedelta(days=3), NOW - timedelta(minutes=2), NOW]
    for called_at in calls:
        first.charge(called_at, FIVE)
    first.refund(calls[1])
    first.stop_until(NOW + timedelta(hours=12))
    first.close()
    second = StateStore(tmp_path, NOW)
    assert second.calls() == [NOW]
    assert second.calls_of(FIVE, NOW.date()) == 1
    assert second.calls_of(Series("MSFT", "5min"), NOW.date()) == 0
    assert second.stopped_until() == NOW + timedelta(hours=12)
    second.close()


@pytest.mark.parametrize(
    "damage", [b"this is no database " * 500, b"SQLite format 3\x00" + b"\xff" * 9_000]
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(damage)
    memory = StateStore(tmp_path, NOW)
    assert memory.set_aside == tmp_path / f"{FILE_NAME}.damaged-20260306T120000"
    assert memory.set_aside.read_bytes() == damage
    assert memory.calls() == []
    memory.close()


def test_damage_inside_the_file_is_noticed(tmp_path: Path) -> None:
    first = StateStore(tmp_path, NOW)
    first.remember((FIVE, f"2026-03-05 10:{number:05d}", b"x" * 16) for number in range(5_000))
    first.close()
    content = bytearray((tmp_path / FILE_NAME).read_bytes())
    content[8_192:40_960] = b"\xaa" * 32_768
    (tmp_path / FILE_NAME).write_bytes(content)
    second = StateStore(tmp_path, NOW)
    assert second.set_aside is not None
    second.close()


def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateStoreError, match="PRODUCER_STATE_DIR"):
        StateStore(tmp_path / "file", NOW)


def test_a_write_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    memory = StateStore(tmp_path, NOW)
    memory.close()
    with pytest.raises(StateStoreError, match="check the disk"):
        memory.charge(NOW, FIVE)


def test_old_intraday_bars_are_forgotten(tmp_path: Path) -> None:
    memory, daily = StateStore(tmp_path, NOW), Series("AAPL", "1d")
    old, new = "2025-12-01 10:00:00", "2026-03-01 10:00:00"
    memory.remember([(FIVE, old, b"a"), (FIVE, new, b"b"), (daily, "2025-12-01", b"c")])
    memory.prune(NOW)
    assert memory.fingerprints(FIVE, "", "z") == {new: b"b"}
    assert memory.fingerprints(daily, "", "z") == {"2025-12-01": b"c"}
    memory.close()
