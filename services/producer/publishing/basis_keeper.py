"""Marks the bars of each answer with their price basis, and has a series fetched again whole when
its basis changes: adjusted bars of two days must not stand beside each other unsaid.

In: the bars of an answer. Out: the same, marked, and the prices by which the next change will be
noticed; or nothing, where the answer is on a basis that cannot be the series' one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC

from services.common.fail_points import reach
from services.common.market.bar import Bar
from services.producer.polling.backfill import whole_series
from services.producer.polling.fetch_pool import Job
from services.producer.polling.series_state import Progress
from services.producer.publishing.price_basis import (
    Basis,
    Change,
    Prices,
    anchors,
    next_basis,
    rebased,
)
from services.producer.runtime import Context
from services.producer.series import DAY, Series

Marked = tuple[Sequence[Bar], Mapping[str, Prices]]


class BasisKeeper:
    """Knows the basis of every series that was asked for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._bases: dict[Series, Basis] = {}

    def mark(self, job: Job, bars: Sequence[Bar], progress: Progress) -> Marked | None:
        """Return the bars of an answer (at least one) with their basis, and the prices to keep
        once they are in Kafka; None if the answer must not be used."""
        series, adjusted = job.series, bars[0].adjusted
        found = anchors(series.interval, bars)
        known = self._known(series)
        kept = self._kept(series, found)
        today = job.market_at.astimezone(UTC).date()
        # Daily bars were always as traded, also before the basis was kept.
        is_new = progress.high_water_mark is None or series.interval == DAY
        ratio = rebased(kept, found) if known is not None else None
        settled = next_basis(known, is_new, adjusted, ratio, today)
        if settled is None:
            return None
        if isinstance(settled, Change):
            self._change(job, known, settled, progress)
            kept = {}
        elif known is None:
            self._context.memory.keep_basis(series, settled)
            reach("producer.basis_kept")
        basis = settled.basis if isinstance(settled, Change) else settled
        self._bases[series] = basis
        new = {time: prices for time, prices in found.items() if kept.get(time) != prices}
        if not adjusted:
            return bars, new
        return [replace(bar, adjusted_as_of=basis.day.isoformat()) for bar in bars], new

    def _known(self, series: Series) -> Basis | None:
        return self._bases.get(series) or self._context.memory.basis(series)

    def _kept(self, series: Series, found: Mapping[str, Prices]) -> dict[str, Prices]:
        if not found:
            return {}
        return self._context.memory.anchors(series, min(found), max(found))

    def _change(self, job: Job, known: Basis | None, change: Change, progress: Progress) -> None:
        memory, series = self._context.memory, job.series
        owed = whole_series(
            series,
            progress.high_water_mark,
            memory.months(series),
            progress.premium,
            job.market_at,
        )
        # Before anything is sent: a restart then goes on with the new basis.
        today = self._context.clocks.real().astimezone(UTC).date()
        memory.keep_basis(series, change.basis, owed, today)
        reach("producer.basis_changed")
        progress.history, progress.history_day = deque(owed), None
        why = (
            f"older prices are {float(change.ratio):.6g} times what they were"
            if change.ratio is not None
            else f"bars known are {known or 'on a basis that was not kept'}"
        )
        self._context.complaints.log.warning(
            "%s: now %s (%s); %s",
            series,
            change.basis,
            why,
            "all of it is fetched again"
            if owed
            else "what an answer does not reach keeps the basis it is marked with",
        )
