"""What is seen of one series of a file, as its rows go by in whole columns.

In come the starts of bars and a way to read one of them, out goes what warnings are made of. The
look needs no more memory for a long file than for a short one: it keeps the first and the last
bar, and those around the series' splits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from services.common.market.bar import Bar
from services.common.market.exchanges import zone_of
from services.stream.files.columnar.starts import MINUTE_US
from services.stream.files.columnar.written_times import DAY_US
from services.stream.files.columnar.zone_table import Microseconds, zone_table

_MOST_STEPS = 100
"""So many different steps of a series are counted; rows in disorder have no common one."""
_EPOCH = date(1970, 1, 1)


@dataclass
class SeriesSurvey:
    """What was seen of one series of a file; `minutes` are of the day, on the exchange's clock,
    `steps` minutes from one row's bar to the next one's."""

    first: Bar
    last: Bar
    bars: int = 0
    minutes: Counter[int] = field(default_factory=Counter)
    steps: Counter[int] = field(default_factory=Counter)
    previous: int | None = None
    before_split: dict[date, Bar] = field(default_factory=dict)
    after_split: dict[date, Bar] = field(default_factory=dict)


@dataclass(frozen=True)
class SeriesRows:
    """Rows of one series: when their bars start (microseconds since 1970 in UTC; of days, their
    dates), and the bar at a place among them."""

    symbol: str
    interval: str
    starts: Microseconds
    bar: Callable[[int], Bar]

    def add_to(self, series: SeriesSurvey, ex_dates: Sequence[date]) -> None:
        """Count the rows, and keep the bars that matter."""
        series.bars += len(self.starts)
        first, last = self.bar(int(self.starts.argmin())), self.bar(int(self.starts.argmax()))
        if first.exchange_time < series.first.exchange_time:
            series.first = first
        if last.exchange_time > series.last.exchange_time:
            series.last = last
        self._count_steps(series)
        clocks = self.starts
        if self.interval != "1d":
            clocks = zone_table(zone_of(self.symbol)).clocks(clocks)
            minutes = np.bincount(clocks % DAY_US // MINUTE_US)
            series.minutes.update({int(at): int(minutes[at]) for at in np.flatnonzero(minutes)})
        for ex_date in ex_dates:
            self._keep_around(series, clocks // DAY_US, ex_date)

    def _count_steps(self, series: SeriesSurvey) -> None:
        known = [] if series.previous is None else [series.previous]
        steps = np.abs(np.diff(np.concatenate([np.array(known, np.int64), self.starts])))
        different, counts = np.unique(steps // MINUTE_US, return_counts=True)
        for place in np.argsort(-counts, kind="stable"):
            step = int(different[place])
            if step in series.steps or len(series.steps) < _MOST_STEPS:
                series.steps[step] += int(counts[place])
        series.previous = int(self.starts[-1])

    def _keep_around(
        self, series: SeriesSurvey, days: npt.NDArray[np.int64], ex_date: date
    ) -> None:
        is_before = days < (ex_date - _EPOCH).days
        before, after = np.flatnonzero(is_before), np.flatnonzero(~is_before)
        if len(before):
            bar = self.bar(int(before[self.starts[before].argmax()]))
            known = series.before_split.get(ex_date)
            if known is None or bar.exchange_time > known.exchange_time:
                series.before_split[ex_date] = bar
        if len(after):
            bar = self.bar(int(after[self.starts[after].argmin()]))
            known = series.after_split.get(ex_date)
            if known is None or bar.exchange_time < known.exchange_time:
                series.after_split[ex_date] = bar
