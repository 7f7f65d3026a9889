from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.producer.memory import FILE_NAME, Memory, MemoryFailedError
from services.producer.series import Coverage, Series

FIVE = Series("AAPL", "5min")
NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)


def test_acknowledged_bars_are_remembered_across_restarts(tmp_path: Path) -> None:
    first = Memory(tmp_path, NOW)
    first.remember([(FIVE, "2026-03-05 10:00:00", b"a"), (FIVE, "2026-03-05 10:05:00", b"b")])
    first.remember([(FIVE, "2026-03-05 10:05:00", b"c")])
    first.close()
    second = Memory(tmp_path, NOW)
    assert second.fingerprints(FIVE, "2026-03-05 10:05:00", "2026-03-06") == {
        "2026-03-05 10:05:00": b"c"
    }
    assert second.fingerprints(Series("MSFT", "5min"), "", "z") == {}
    second.close()


def test_coverage_and_months_are_kept(tmp_path: Path) -> None:
    memory = Memory(tmp_path, NOW)
    assert memory.coverage(FIVE) is None
    coverage = Coverage(NOW, "2026-03-05 10:05:00", NOW - timedelta(days=1))
    memory.cover(FIVE, coverage)
    memory.add_month(FIVE, "2026-01")
    memory.add_month(FIVE, "2026-01")
    assert memory.coverage(FIVE) == coverage
    assert memory.months(FIVE) == {"2026-01"}
    memory.close()


def test_the_newest_observation_survives_a_restart(tmp_path: Path) -> None:
    first = Memory(tmp_path, NOW)
    assert first.newest_observation() is None
    first.remember([(FIVE, "2026-03-05 10:05:00", b"a")], "2026-03-05T15:10:00.500Z")
    first.remember([(FIVE, "2026-03-05 10:00:00", b"b")], "2026-03-05T15:09:59.000Z")
    first.remember([(FIVE, "2026-03-05 09:55:00", b"c")])
    first.close()
    second = Memory(tmp_path, NOW)
    assert second.newest_observation() == datetime(2026, 3, 5, 15, 10, 0, 500_000, tzinfo=UTC)
    second.close()


def test_the_days_calls_survive_a_restart(tmp_path: Path) -> None:
    first = Memory(tmp_path, NOW)
    calls = [NOW - timedelta(days=3), NOW - timedelta(minutes=2), NOW]
    for called_at in calls:
        first.charge(called_at)
    first.refund(calls[1])
    first.stop_until(NOW + timedelta(hours=12))
    first.close()
    second = Memory(tmp_path, NOW)
    assert second.calls() == [NOW]
    assert second.stopped_until() == NOW + timedelta(hours=12)
    second.close()


@pytest.mark.parametrize(
    "damage", [b"this is no database " * 500, b"SQLite format 3\x00" + b"\xff" * 9_000]
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(damage)
    memory = Memory(tmp_path, NOW)
    assert memory.set_aside == tmp_path / f"{FILE_NAME}.damaged-20260306T120000"
    assert memory.set_aside.read_bytes() == damage
    assert memory.calls() == []
    memory.close()


def test_damage_inside_the_file_is_noticed(tmp_path: Path) -> None:
    first = Memory(tmp_path, NOW)
    first.remember((FIVE, f"2026-03-05 10:{number:05d}", b"x" * 16) for number in range(5_000))
    first.close()
    content = bytearray((tmp_path / FILE_NAME).read_bytes())
    content[8_192:40_960] = b"\xaa" * 32_768
    (tmp_path / FILE_NAME).write_bytes(content)
    second = Memory(tmp_path, NOW)
    assert second.set_aside is not None
    second.close()


def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MemoryFailedError, match="PRODUCER_STATE_DIR must name a folder"):
        Memory(tmp_path / "file", NOW)


def test_a_write_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    memory = Memory(tmp_path, NOW)
    memory.close()
    with pytest.raises(MemoryFailedError, match="check the disk"):
        memory.charge(NOW)


def test_old_intraday_bars_are_forgotten(tmp_path: Path) -> None:
    memory, daily = Memory(tmp_path, NOW), Series("AAPL", "1d")
    old, new = "2025-12-01 10:00:00", "2026-03-01 10:00:00"
    memory.remember([(FIVE, old, b"a"), (FIVE, new, b"b"), (daily, "2025-12-01", b"c")])
    memory.prune(NOW)
    assert memory.fingerprints(FIVE, "", "z") == {new: b"b"}
    assert memory.fingerprints(daily, "", "z") == {"2025-12-01": b"c"}
    memory.close()
