"""Remembers on which basis a series is, and the prices by which a change of it is noticed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date

from services.producer.polling.backfill import OWED
from services.producer.publishing.price_basis import Basis, Prices
from services.producer.publishing.state_file import Connection, StateFile
from services.producer.series import DAY, Series, Slice


class BasisStore(StateFile):
    """What is known of the prices of a series."""

    def basis(self, series: Series) -> Basis | None:
        """Return the basis of a series, or None if none was kept."""
        with self._use() as use:
            row = use.execute(
                "select adjusted, day from bases where symbol = ? and interval = ?", series
            ).fetchone()
        return None if row is None else Basis(bool(row[0]), date.fromisoformat(row[1]))

    def anchors(self, series: Series, first: str, last: str) -> dict[str, Prices]:
        """Return the prices kept of bars in [first, last], by exchange time."""
        with self._use() as use:
            kept = _of_older_releases(use, series, first, last)
            for of_span in _spans(use, series, first, last).values():
                kept |= {time: prices for time, prices in of_span.items() if first <= time <= last}
            return kept

    def keep_anchors(self, series: Series, anchors: Mapping[str, Prices]) -> None:
        """Keep prices of bars that Kafka has acknowledged."""
        with self._use(at_once=False) as use:
            changed = _spans(use, series, min(anchors), max(anchors))
            for time, prices in anchors.items():
                changed.setdefault(_span(series, time), {})[time] = prices
            use.executemany(
                "insert or replace into anchor_spans values (?, ?, ?, ?)",
                [(*series, span, json.dumps(of_span)) for span, of_span in changed.items()],
            )

    def keep_basis(
        self,
        series: Series,
        basis: Basis,
        owed: Collection[Slice] = (),
        today: date = date.min,
    ) -> None:
        """Keep the basis of a series; where it is another, prices on the one before are forgotten
        and the slices `owed` are asked for again. All of it, or nothing."""
        with self._use(at_once=basis.adjusted or bool(owed)) as use:
            use.execute(
                "insert or replace into bases values (?, ?, ?, ?)",
                (*series, basis.adjusted, basis.day.isoformat()),
            )
            use.execute("delete from anchors where symbol = ? and interval = ?", series)
            use.execute("delete from anchor_spans where symbol = ? and interval = ?", series)
            day = today.isoformat()
            use.executemany(
                "insert or replace into no_bars values (?, ?, ?, ?, ?, ?)",
                [(*series, str(part), OWED, day, day) for part in owed],
            )


def _span(series: Series, exchange_time: str) -> str:
    """Return the day of a bar, or the month of a day: anchors of a span are in one row, as a row
    costs more than all that is in it."""
    return exchange_time[: 7 if series.interval == DAY else 10]


def _spans(use: Connection, series: Series, first: str, last: str) -> dict[str, dict[str, Prices]]:
    rows = use.execute(
        "select span, prices from anchor_spans"
        " where symbol = ? and interval = ? and span between ? and ?",
        (*series, _span(series, first), _span(series, last)),
    )
    return {
        span: {time: (one[0], one[1], one[2], one[3]) for time, one in json.loads(text).items()}
        for span, text in rows
    }


def _of_older_releases(use: Connection, series: Series, first: str, last: str) -> dict[str, Prices]:
    """Return what was kept when each bar had a row of its own."""
    rows = use.execute(
        "select exchange_time, open, high, low, close from anchors"
        " where symbol = ? and interval = ? and exchange_time between ? and ?",
        (*series, first, last),
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}
