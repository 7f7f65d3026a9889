"""Remembers in SQLite what Kafka has acknowledged, how far series are covered, which of them fail,
and the quota.

Only acknowledged bars are written, so a crash can make bars be sent again but never be left
out. A damaged file is set aside: bars are then sent again too, and the sink drops the repeats.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from services.producer.publishing.basis_store import BasisStore
from services.producer.series import (
    ACTION_LISTS,
    DAY,
    FULL,
    Failing,
    HighWaterMark,
    NoBars,
    Series,
    Slice,
)

KEPT: Final = timedelta(days=70)
"""Intraday fingerprints are kept for longer than the API's trailing 30 days."""


class StateStore(BasisStore):
    """What is known of bars, series and calls."""

    def fingerprints(self, series: Series, first: str, last: str) -> dict[str, bytes]:
        """Return the acknowledged content by exchange time, in [first, last]."""
        with self._use() as use:
            rows = use.execute(
                "select exchange_time, fingerprint from bars where symbol = ? and interval = ?"
                " and exchange_time between ? and ?",
                (*series, first, last),
            )
            return dict(rows.fetchall())

    def remember(
        self, acknowledged: Iterable[tuple[Series, str, bytes]], observed_at: str = ""
    ) -> None:
        """Keep (series, exchange time, fingerprint) of bars that Kafka has acknowledged, and the
        newest instant (UTC, ISO 8601 to the millisecond) at which one of them was observed."""
        with self._use() as use:
            use.executemany(
                "insert or replace into bars values (?, ?, ?, ?)",
                [(*series, exchange_time, mark) for series, exchange_time, mark in acknowledged],
            )
            if observed_at:
                use.execute(
                    "insert into observed values (1, ?)"
                    " on conflict (id) do update set newest = max(newest, excluded.newest)",
                    (observed_at,),
                )

    def newest_observation(self) -> datetime | None:
        """Return the newest instant at which an acknowledged bar was observed."""
        with self._use() as use:
            row = use.execute("select newest from observed").fetchone()
        return None if row is None else datetime.fromisoformat(row[0])

    def high_water_mark(self, series: Series) -> HighWaterMark | None:
        """Return how far the series is complete, or None if it never was."""
        with self._use() as use:
            row = use.execute(
                "select asked_at, newest_bar, first_asked_at from coverage"
                " where symbol = ? and interval = ?",
                series,
            ).fetchone()
        if row is None:
            return None
        return HighWaterMark(datetime.fromisoformat(row[0]), row[1], datetime.fromisoformat(row[2]))

    def cover(self, series: Series, high_water_mark: HighWaterMark) -> None:
        """Keep how far the series is complete."""
        with self._use(at_once=False) as use:
            use.execute(
                "insert or replace into coverage values (?, ?, ?, ?, ?)",
                (
                    *series,
                    high_water_mark.asked_at.isoformat(),
                    high_water_mark.newest_bar,
                    high_water_mark.first_asked_at.isoformat(),
                ),
            )

    def months(self, series: Series) -> frozenset[str]:
        """Return the months of history that are complete."""
        with self._use() as use:
            rows = use.execute("select month from months where symbol = ? and interval = ?", series)
            return frozenset(row[0] for row in rows)

    def add_answered(self, series: Series, part: Slice) -> None:
        """Keep that a slice of history is complete."""
        with self._use(at_once=False) as use:
            if part.month:
                use.execute("insert or ignore into months values (?, ?, ?)", (*series, part.month))
            use.execute(
                "delete from no_bars where symbol = ? and interval = ? and part = ?",
                (*series, str(part)),
            )

    def no_bars(self, series: Series) -> dict[Slice, NoBars]:
        """Return the slices that came without bars, the whole first, then the newest month."""
        with self._use() as use:
            rows = use.execute(
                "select part, kind, first_on, last_on from no_bars"
                " where symbol = ? and interval = ? order by part desc",
                series,
            )
            return {
                FULL if part == FULL.extent else Slice("month", part): NoBars(
                    kind, date.fromisoformat(first_on), date.fromisoformat(last_on)
                )
                for part, kind, first_on, last_on in rows
            }

    def add_no_bars(self, series: Series, part: Slice, kind: str, today: date) -> NoBars:
        """Keep that a slice came without bars on the UTC day `today`; return what is known of it.
        Another kind of answer begins anew."""
        before = self.no_bars(series).get(part)
        first_on = before.first_on if before and before.kind == kind else today
        with self._use() as use:
            use.execute(
                "insert or replace into no_bars values (?, ?, ?, ?, ?, ?)",
                (*series, str(part), kind, first_on.isoformat(), today.isoformat()),
            )
        return NoBars(kind, first_on, today)

    def first_bar(self, symbol: str) -> str:
        """Return the first exchange time ever seen of a symbol, or ""."""
        with self._use() as use:
            row = use.execute(
                "select exchange_time from first_bars where symbol = ?", (symbol,)
            ).fetchone()
        return "" if row is None else str(row[0])

    def see_bar(self, symbol: str, exchange_time: str) -> None:
        """Keep the exchange time as the symbol's first if it is older than the one known."""
        with self._use(at_once=False) as use:
            use.execute(
                "insert into first_bars values (?, ?) on conflict (symbol) do update"
                " set exchange_time = min(exchange_time, excluded.exchange_time)",
                (symbol, exchange_time),
            )

    def failing(self, series: Series) -> Failing | None:
        """Return how the series fails, or None if it does not."""
        with self._use() as use:
            row = use.execute(
                "select kind, attempts, since, retry_at, given_up from failing"
                " where symbol = ? and interval = ?",
                series,
            ).fetchone()
        if row is None:
            return None
        kind, attempts, since, retry_at, given_up = row
        return Failing(
            kind,
            attempts,
            datetime.fromisoformat(since),
            datetime.fromisoformat(retry_at),
            bool(given_up),
        )

    def keep_failing(self, series: Series, failing: Failing) -> None:
        """Keep how the series fails."""
        with self._use() as use:
            use.execute(
                "insert or replace into failing values (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(*series, failing.kind, failing.attempts),
                    *(failing.since.isoformat(), failing.retry_at.isoformat(), failing.given_up),
                ),
            )

    def forget_failing(self, series: Series) -> None:
        """Forget how the series failed."""
        with self._use() as use:
            use.execute("delete from failing where symbol = ? and interval = ?", series)

    def keep_failing_only_of(self, wanted: Collection[Series]) -> None:
        """Forget how other series failed: one that is wanted again begins anew."""
        with self._use() as use:
            rows = use.execute("select symbol, interval from failing").fetchall()
            gone = [row for row in rows if Series(*row) not in wanted]
            use.executemany("delete from failing where symbol = ? and interval = ?", gone)

    def charge(self, called_at: datetime, series: Series) -> None:
        """Count a call before it leaves. `called_at` is UTC."""
        with self._use() as use:
            yesterday = (called_at - timedelta(days=1)).date().isoformat()
            use.execute("delete from calls where called_at < ?", (yesterday,))
            use.execute("delete from series_calls where called_at < ?", (yesterday,))
            use.execute("insert into calls values (?)", (called_at.isoformat(),))
            row = (*series, called_at.isoformat())
            use.execute("insert into series_calls values (?, ?, ?)", row)

    def calls_of(self, series: Series, today: date) -> int:
        """Return how many calls were charged to a series on the UTC day `today`, or later."""
        with self._use() as use:
            row = use.execute(
                "select count(*) from series_calls"
                " where symbol = ? and interval = ? and called_at >= ?",
                (*series, today.isoformat()),
            ).fetchone()
        return int(row[0])

    def refund(self, called_at: datetime) -> None:
        """Forget a call that never reached the network."""
        with self._use() as use:
            row = (called_at.isoformat(),)
            use.execute("delete from calls where called_at = ?", row)
            use.execute("delete from series_calls where called_at = ?", row)

    def calls(self) -> list[datetime]:
        """Return the calls of today and yesterday (UTC), oldest first."""
        with self._use() as use:
            rows = use.execute("select called_at from calls order by called_at")
            return [datetime.fromisoformat(row[0]) for row in rows]

    def stop_until(self, instant: datetime) -> None:
        """Keep that the vendor refuses calls until `instant` (UTC)."""
        with self._use() as use:
            use.execute("delete from stops")
            use.execute("insert into stops values (?)", (instant.astimezone(UTC).isoformat(),))

    def stopped_until(self) -> datetime | None:
        """Return until when the vendor refuses calls, if it does."""
        with self._use() as use:
            row = use.execute("select stopped_until from stops").fetchone()
        return None if row is None else datetime.fromisoformat(row[0])

    def prune(self, market_now: datetime) -> None:
        """Forget intraday bars that the API no longer returns."""
        with self._use() as use:
            bars = (DAY, *ACTION_LISTS, (market_now - KEPT).date().isoformat())
            use.execute(
                "delete from bars where interval not in (?, ?, ?) and exchange_time < ?", bars
            )
            old = (DAY, (market_now - KEPT).date().isoformat())
            use.execute("delete from anchors where interval <> ? and exchange_time < ?", old)
            use.execute("delete from anchor_spans where interval <> ? and span < ?", old)
