"""Bars and corporate actions put straight into the tables; the basis that exact fractions give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import exchange_calendars

from tests.fixtures.market import Market

NEW_YORK = ZoneInfo("America/New_York")
EXACT = Context(prec=200)
# Bars of one statement leave word of their series, as every merge does.
_BARS = """
with merged as (
    insert into market.events_stream (
        symbol, bar_time, interval, open, high, low, close, volume, session_date, source,
        freshness, basis, is_final, observed_at, kafka_partition, kafka_offset
    )
    select
        symbol, bar_time, interval, price, price, price, price, volume, session_date, 'simulator',
        'simulated', basis, true, bar_time, 0, 0
    from unnest(
        %s::text[], %s::timestamptz[], %s::text[], %s::numeric[], %s::numeric[], %s::date[],
        %s::text[]
    ) as bar (symbol, bar_time, interval, price, volume, session_date, basis)
    returning symbol, interval, bar_time
)
insert into market.indicator_work (symbol, interval, from_time, until_time)
select symbol, interval, min(bar_time), max(bar_time) from merged group by symbol, interval
"""
_ACTIONS = """
insert into market.corporate_actions (
    symbol, kind, ex_date, number, numerator, denominator, amount, vendor_value, is_withdrawn,
    source, observed_at, kafka_partition, kafka_offset
)
select
    symbol, kind, ex_date,
    row_number() over (partition by symbol, kind, ex_date) - 1,
    numerator, denominator, amount, '', is_withdrawn, 'simulator', now(), 0, 0
from unnest(
    %s::text[], %s::text[], %s::date[], %s::numeric[], %s::numeric[], %s::numeric[], %s::boolean[]
) as action (symbol, kind, ex_date, numerator, denominator, amount, is_withdrawn)
"""


@dataclass(frozen=True)
class Traded:
    """A bar of one price on a basis; the start is on New York's clock."""

    symbol: str
    start: datetime
    price: Decimal
    volume: int = 1_000
    interval: str = "1d"
    basis: str = "raw"

    @property
    def bar_time(self) -> datetime:
        """The start as an instant."""
        return self.start.replace(tzinfo=NEW_YORK).astimezone(UTC)


@dataclass(frozen=True)
class Action:
    """A split or spin-off of an exact ratio, or a dividend."""

    symbol: str
    kind: str
    ex_date: date
    ratio: Fraction | None = None
    amount: Decimal | None = None
    is_withdrawn: bool = False


def day_bar(symbol: str, day: date, price: str, volume: int = 1_000) -> Traded:
    """Return a daily bar."""
    return Traded(symbol, datetime(day.year, day.month, day.day), Decimal(price), volume)  # noqa: DTZ001 - the exchange's clock


def store_bars(market: Market, bars: Iterable[Traded]) -> None:
    """Insert bars as the stream would."""
    columns = [
        (b.symbol, b.bar_time, b.interval, b.price, b.volume, b.start.date(), b.basis) for b in bars
    ]
    market.run(_BARS, tuple(map(list, zip(*columns, strict=True))), "stream_writer")


def store_actions(market: Market, actions: Sequence[Action]) -> None:
    """Insert corporate actions as the stream would."""
    columns = [
        (
            *(a.symbol, a.kind, a.ex_date),
            a.ratio.numerator if a.ratio else None,
            a.ratio.denominator if a.ratio else None,
            *(a.amount, a.is_withdrawn),
        )
        for a in actions
    ]
    if columns:
        market.run(_ACTIONS, tuple(map(list, zip(*columns, strict=True))), "stream_writer")


def rounded(value: Fraction, decimals: int) -> Decimal:
    """Return an exact fraction rounded once, half up."""
    twice = 2 * value * 10**decimals + 1
    return Decimal(twice.numerator // (2 * twice.denominator)).scaleb(-decimals, EXACT)


def expected(
    bars: Sequence[Traded], actions: Sequence[Action], total_return: bool
) -> dict[tuple[str, datetime], tuple[Decimal, Decimal]]:
    """Return price and volume of the daily bars on another basis, by symbol and instant."""
    values = {}
    for bar in bars:
        applied = applied_splits(bar, actions)
        price, ratio = applied, 1 / applied
        mine = [b for b in bars if b.symbol == bar.symbol]
        for day in {a.ex_date for a in actions if a.symbol == bar.symbol}:
            if not bar.start.date() < day <= max(b.start.date() for b in mine):
                continue
            of_the_day, split = _day_factor(bar.symbol, mine, actions, day)
            ratio *= split
            price *= of_the_day if total_return else 1 / split
        if bar.basis == "unknown":
            price, ratio = Fraction(1), Fraction(1)
        values[bar.symbol, bar.bar_time] = (
            rounded(Fraction(bar.price) * price, 10),
            rounded(bar.volume * ratio, 0),
        )
    return values


def applied_splits(bar: Traded, actions: Sequence[Action]) -> Fraction:
    """Return what brings a price that is adjusted for splits alone back to the day it was paid."""
    kind, _, as_of = bar.basis.partition(" ")
    ratio = Fraction(1)
    for action in actions:
        if (
            kind == "split"
            and action.kind == "split"
            and action.ratio is not None
            and action.symbol == bar.symbol
            and not action.is_withdrawn
            and bar.start.date() < action.ex_date <= date.fromisoformat(as_of)
        ):
            ratio *= action.ratio
    return ratio


def _day_factor(
    symbol: str, bars: Sequence[Traded], known: Sequence[Action], day: date
) -> tuple[Fraction, Fraction]:
    """Return what all actions of a day multiply earlier prices by, and the ratio of its splits."""
    actions = [a for a in known if (a.symbol, a.ex_date) == (symbol, day) and not a.is_withdrawn]
    factor, split, cash = Fraction(1), Fraction(1), Fraction(0)
    for action in actions:
        if action.amount is not None:
            cash += Fraction(action.amount)
        elif action.ratio is not None:
            factor /= action.ratio
            split *= action.ratio if action.kind == "split" else 1
    before = [b for b in bars if b.start.date() < day and b.basis != "unknown"]
    last = max(before, key=lambda b: b.start, default=None)
    if cash and last is not None and (_session_before(day) - last.start.date()).days < 14:
        close = Fraction(last.price) * applied_splits(last, known)
        factor *= (close - cash) / close if close > cash else 1
    return factor, split


def _session_before(day: date) -> date:
    known = exchange_calendars.get_calendar("XNYS", start="2000-01-01")
    session: date = known.date_to_session(day - timedelta(days=1), "previous").date()
    return session


def half_up(value: Decimal, decimals: int) -> Decimal:
    """Return a decimal rounded half up."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, EXACT)
