"""What looks wrong in files of bars, in sentences: labels, clocks, splits, units. Pure.

A warning stops nothing: only the person can know, and `--dry-run` shows the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from services.common.market.bar import INTERVAL_MINUTES, UNKNOWN_BASIS, price_basis
from services.common.market.exchanges import exchange_of
from services.stream.importing.series_survey import SeriesSurvey
from services.stream.importing.sources import Source
from services.stream.importing.survey import FileSurvey, close_of

_FACTOR = 2
"""A price that is so many times a stored one next to it is in another unit, or of another share."""
_MOST_WARNINGS = 20
_FEWEST_STEPS = 3
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Split:
    """New shares for each old one from a day on."""

    ex_date: date
    ratio: Decimal


@dataclass(frozen=True)
class StoredBar:
    """The stored bar of a series that is next to a time."""

    day: date
    close: Decimal
    basis: str


Stored = Mapping[tuple[str, str], StoredBar]


def unseen(source: Source, found: FileSurvey) -> str | None:
    """Return what is wrong with when a file was written, if it holds later bars; else None."""
    bar = found.unseen
    if bar is None:
        return None
    zone = "" if bar.interval == "1d" else " UTC"
    return (
        f"{source.path.name} counts as written on {source.observed_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"before its bar of {bar.exchange_time}{zone}: tell when it was downloaded "
        "(--observed-at INSTANT)"
    )


def warnings(
    name: str, found: FileSurvey, splits: Mapping[str, list[Split]], stored: Stored
) -> list[str]:
    """Return what looks wrong in a file, at most twenty sentences."""
    said = [
        f"{name}: {symbol} {interval}: {text}"
        for (symbol, interval), series in found.series.items()
        for text in _of_series(symbol, series, splits.get(symbol, []), stored)
    ]
    rest = len(said) - _MOST_WARNINGS
    return said[:_MOST_WARNINGS] + ([f"{name}: and {rest} warnings more"] if rest > 0 else [])


def _of_series(
    symbol: str, series: SeriesSurvey, splits: list[Split], stored: Stored
) -> Iterator[str]:
    if series.first.interval != "1d":
        yield from _of_clock(symbol, series)
    yield from _of_steps(series)
    for split in splits:
        yield from _of_split(series, split)
    known = stored.get((symbol, series.first.interval))
    if known is not None:
        yield from _of_stored(series, known)


def _of_clock(symbol: str, series: SeriesSurvey) -> Iterator[str]:
    exchange = exchange_of(symbol)
    if exchange is None or exchange.opens == exchange.closes:
        return  # unknown, or around the clock
    width = INTERVAL_MINUTES[series.first.interval]
    opens, closes = _minute(exchange.opens), _minute(exchange.closes)
    regular = sum(count for minute, count in series.minutes.items() if opens <= minute < closes)
    at_open, at_close = series.minutes[opens], series.minutes[closes]
    outside = sum(count for minute, count in series.minutes.items() if not 240 <= minute < 1200)
    if regular and width < 60 and not at_open and at_close:
        yield (
            f"no bar starts at {exchange.opens:%H:%M} but {at_close} at {exchange.closes:%H:%M}: "
            "its times look like the ends of bars (--label end)"
        )
    elif not regular or 2 * outside > series.bars:
        yield (
            f"{series.bars - regular} of {series.bars} bars are outside of the exchange's hours "
            f"({exchange.opens:%H:%M} to {exchange.closes:%H:%M}): is --zone right?"
        )


def _of_steps(series: SeriesSurvey) -> Iterator[str]:
    interval, steps = series.first.interval, series.bars - 1
    [(step, count)] = series.steps.most_common(1) or [(0, 0)]
    # Of an interval without trade there is no bar, but most bars have their neighbour.
    if (
        steps < _FEWEST_STEPS
        or 2 * count <= steps
        or step == INTERVAL_MINUTES.get(interval, _DAY_MINUTES)
    ):
        return
    apart = f"{step} minutes" if step % _DAY_MINUTES else f"{step // _DAY_MINUTES} days"
    what = f"are {apart} apart" if step else "have the same start as the row before"
    yield f"{count} of {steps} rows {what}: are they bars of {interval}?"


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _of_split(series: SeriesSurvey, split: Split) -> Iterator[str]:
    before, after = (kept.get(split.ex_date) for kept in (series.before_split, series.after_split))
    if before is None or after is None:
        return
    jump = close_of(before) / close_of(after)
    # Nearer to the split's ratio than to 1, as ratios go: its square lies beyond the ratio.
    is_raw = jump * jump > split.ratio if split.ratio > 1 else jump * jump < split.ratio
    if is_raw == (not series.first.adjusted):
        return
    what = "raw" if is_raw else "adjusted"
    yield (
        f"over the split of {split.ex_date} ({split.ratio:f} for 1) its close goes from "
        f"{close_of(before)} to {close_of(after)}: its prices look {what} (--basis)"
    )


def _of_stored(series: SeriesSurvey, known: StoredBar) -> Iterator[str]:
    close = close_of(series.last)
    if not known.close / _FACTOR <= close <= known.close * _FACTOR:
        yield (
            f"its last close is {close}, the stored one of {known.day} next to it {known.close}: "
            "is the --unit right, and the --symbol?"
        )
    first = series.first
    mine = price_basis(first.adjusted, first.adjusted_as_of, first.adjusted_for)
    if mine != known.basis and not (first.adjusted and known.basis == UNKNOWN_BASIS):
        yield f"its prices are {mine}, stored ones {known.basis}: they cannot be compared"
