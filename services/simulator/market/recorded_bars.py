"""Recorded bars: a CSV file goes in, the very strings of it come out as bars.

An interval that was not recorded is rolled up from the shortest recorded one that divides it.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from services.common.market.bar import EXCHANGE_ZONES, INTERVAL_MINUTES, INTERVALS, SYMBOL_PATTERN
from services.common.settings import SettingError
from services.simulator.market.bars import PrintedBar, WithoutActions
from services.simulator.market.trading_sessions import Sessions

COLUMNS: Final = (
    "symbol", "interval", "exchange_time", "open", "high", "low", "close", "volume",
)  # fmt: skip
"""What the file must have; `exchange_tz` (default US/Eastern) may follow."""

_DAILY: Final = "1d"
_NUMBER: Final = re.compile(r"\d+(\.\d+)?")
_NEW_YORK: Final = ("US/Eastern", "America/New_York")


@dataclass(frozen=True)
class Recording:
    """One line of the file. `begins_at` is the bar's start in UTC."""

    symbol: str
    interval: str
    zone: str
    begins_at: datetime
    bar: PrintedBar


class RecordedBars(WithoutActions):
    """Bars that were recorded; a symbol exists if it was recorded."""

    def __init__(self, recordings: Iterable[Recording], sessions: Sessions) -> None:
        self._sessions = sessions
        self._zones: dict[str, str] = {}
        self._series: dict[tuple[str, str], list[Recording]] = {}
        for recording in sorted(recordings, key=_begins_at):
            self._zones.setdefault(recording.symbol, recording.zone)
            self._series.setdefault((recording.symbol, recording.interval), []).append(recording)

    def knows(self, symbol: str, now: datetime) -> bool:  # noqa: ARG002
        """Say whether the symbol exists."""
        return symbol in self._zones

    def zone(self, symbol: str) -> str:
        """Return the name of the exchange's time zone."""
        return self._zones[symbol]

    def intraday(
        self, symbol: str, minutes: int, extended: bool, until: date | None, now: datetime
    ) -> Iterator[PrintedBar]:
        """Yield bars of so many minutes, newest first, none after the day `until`."""
        last_day = until.isoformat() if until else "9999"
        length = self._recorded_length(symbol, minutes)
        bars = (
            bar
            for bar in self._begun(symbol, f"{length}min", now)
            if bar.time[:10] <= last_day and (extended or self._is_regular(symbol, bar.time))
        )
        return bars if length == minutes else _rolled_up(bars, lambda t: _bucket(t, minutes))

    def daily(self, symbol: str, now: datetime) -> Iterator[PrintedBar]:
        """Yield daily bars, newest first; `time` is a date."""
        if (symbol, _DAILY) in self._series:
            return self._begun(symbol, _DAILY, now)
        length = self._recorded_length(symbol, minutes=60)
        regular = self.intraday(symbol, length, False, None, now)
        return _rolled_up(regular, lambda time: time[:10])

    def _recorded_length(self, symbol: str, minutes: int) -> int:
        """Minutes of the recorded interval that serves the wanted one."""
        recorded = [n for name, n in INTERVAL_MINUTES.items() if (symbol, name) in self._series]
        if minutes in recorded:
            return minutes
        return min((n for n in recorded if minutes % n == 0), default=minutes)

    def _begun(self, symbol: str, interval: str, now: datetime) -> Iterator[PrintedBar]:
        series = self._series.get((symbol, interval), [])
        begun = bisect_right(series, now, key=_begins_at)
        return (series[index].bar for index in range(begun - 1, -1, -1))

    def _is_regular(self, symbol: str, time: str) -> bool:
        """Outside New York the hours are not known, and every bar counts as regular."""
        if self._zones[symbol] not in _NEW_YORK:
            return True
        session = self._sessions.on(date.fromisoformat(time[:10]))
        opens, closes = (
            (session.regular_open, session.regular_close) if session else (9 * 60 + 30, 16 * 60)
        )
        return opens <= _minute_of_day(time) < closes


def load_recordings(file: Path) -> list[Recording]:
    """Read recorded bars; raises SettingError with the line that is wrong."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise SettingError(
                    f"SIMULATOR_BARS points to {file}, which lacks the columns {', '.join(missing)}"
                )
            recordings = [_recording(row, file, reader.line_num) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingError(
            f"SIMULATOR_BARS points to {file}, which cannot be read: {type(error).__name__}"
        ) from None
    identities = {(r.symbol, r.interval, r.begins_at) for r in recordings}
    if not recordings or len(identities) < len(recordings):
        fault = "holds the same bar twice" if recordings else "holds no bars"
        raise SettingError(f"SIMULATOR_BARS points to {file}, which {fault}")
    return recordings


def _recording(row: dict[str, str], file: Path, line: int) -> Recording:
    """Check what identifies the bar; its values are served as they are."""
    zone = row.get("exchange_tz") or "US/Eastern"
    form = "%Y-%m-%d" if row["interval"] == _DAILY else "%Y-%m-%d %H:%M:%S"
    try:
        if None in row.values() or not re.fullmatch(SYMBOL_PATTERN, row["symbol"]):
            raise ValueError
        if row["interval"] not in INTERVALS or zone not in EXCHANGE_ZONES:
            raise ValueError
        local = datetime.strptime(row["exchange_time"], form).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise SettingError(
            f"SIMULATOR_BARS points to {file}, whose line {line} is wrong: it needs a symbol, "
            f"an interval ({', '.join(INTERVALS)}), the bar's start on the exchange's clock "
            "(a date for 1d) and a known time zone"
        ) from None
    bar = PrintedBar(*(row[name] for name in COLUMNS[2:]))
    return Recording(row["symbol"], row["interval"], zone, local.astimezone(UTC), bar)


def _rolled_up(
    newest_first: Iterable[PrintedBar], label: Callable[[str], str]
) -> Iterator[PrintedBar]:
    """Combine neighbours that share a label; what is no number cannot be combined."""
    numeric = (bar for bar in newest_first if all(map(_NUMBER.fullmatch, bar[1:])))
    for time, group in groupby(numeric, key=lambda bar: label(bar.time)):
        bars = list(group)
        yield PrintedBar(
            time,
            open=bars[-1].open,
            high=max((bar.high for bar in bars), key=Decimal),
            low=min((bar.low for bar in bars), key=Decimal),
            close=bars[0].close,
            volume=str(sum(Decimal(bar.volume) for bar in bars)),
        )


def _begins_at(recording: Recording) -> datetime:
    return recording.begins_at


def _bucket(time: str, minutes: int) -> str:
    start = _minute_of_day(time) // minutes * minutes
    return f"{time[:10]} {start // 60:02}:{start % 60:02}:00"


def _minute_of_day(time: str) -> int:
    return int(time[11:13]) * 60 + int(time[14:16])
