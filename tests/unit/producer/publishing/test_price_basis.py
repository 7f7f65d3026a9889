"""A change of the vendor's basis is told from corrections, exactly and whatever it rounds."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.producer.publishing.price_basis import (
    Basis,
    Change,
    Prices,
    anchors,
    next_basis,
    rebased,
)
from tests.bars import bar

TODAY, BEFORE = date(2026, 11, 27), date(2026, 11, 2)
UNIT = Decimal("0.0001")


def scaled(prices: Prices, ratio: Fraction) -> Prices:
    """Return prices as a vendor gives them on another basis, rounded to four decimals."""
    first, high, low, last = (
        str(
            (Decimal(text) * ratio.numerator / ratio.denominator).quantize(
                UNIT, rounding=ROUND_HALF_UP
            )
        )
        for text in prices
    )
    return first, high, low, last


def times(count: int, day: str) -> list[str]:
    return [f"{day} {10 + place // 4:02}:{15 * (place % 4):02}:00" for place in range(count)]


price = st.decimals(Decimal("0.5000"), 5000, places=4)
prices = st.tuples(price, price, price, price).map(
    lambda row: (str(row[0]), str(row[1]), str(row[2]), str(row[3]))
)
ratios = st.one_of(
    st.sampled_from([Fraction(1, 10), Fraction(8), Fraction(1, 4), Fraction(1000, 1046)]),
    st.integers(1, 900).map(lambda cash: Fraction(10_000 - cash, 10_000)),
)


@settings(deadline=None)  # of a machine that is busy
@given(st.lists(prices, min_size=4, max_size=20), st.lists(prices, max_size=12), ratios)
def test_a_split_or_a_dividend_is_noticed_also_among_bars_of_its_own_day(
    older: list[Prices], newer: list[Prices], ratio: Fraction
) -> None:
    known = dict(zip(times(len(older), "2026-11-25"), older, strict=True))
    answer = {time: scaled(row, ratio) for time, row in known.items()}
    # Where a price is so low that most of the change drowns in its rounding, nothing can be told.
    moved = sum(
        abs(Decimal(new) - Decimal(old)) > 3 * UNIT
        for time in known
        for old, new in zip(known[time], answer[time], strict=True)
    )
    assume(moved == 4 * len(known))
    today = dict(zip(times(len(newer), "2026-11-27"), newer, strict=True))
    found = rebased(known | today, answer | today)
    assert found is not None
    assert all(
        abs(Fraction(old) * found - Fraction(new)) <= (1 + found) * Fraction(UNIT) * 2
        for time in known
        for old, new in zip(known[time], answer[time], strict=True)
    )


@settings(deadline=None)  # of a machine that is busy
@given(st.lists(prices, min_size=4, max_size=20))
def test_what_is_only_rounded_otherwise_is_no_change(rows: list[Prices]) -> None:
    known = dict(zip(times(len(rows), "2026-11-25"), rows, strict=True))
    off = {
        time: (str(Decimal(first) + UNIT), high, low, str(Decimal(last) - UNIT))
        for time, (first, high, low, last) in known.items()
    }
    assert rebased(known, off) is None
    assert rebased(known, known) is None


FLAT: Prices = ("100.0000", "101.0000", "99.0000", "100.5000")
HALF = scaled(FLAT, Fraction(1, 2))
DAY_OF = dict.fromkeys(times(20, "2026-11-25"), FLAT)
# Eight times as much, of prices that had been rounded.
EIGHTFOLD: Prices = ("800.0004", "808.0003", "791.9997", "803.9998")
FINER = dict.fromkeys(times(4, "2026-11-26"), ("800.00125", "801.5", "799.25", "800.125"))


@pytest.mark.parametrize(
    ("answer", "ratio"),
    [
        pytest.param({**DAY_OF, "2026-11-25 10:00:00": HALF}, None, id="one-correction"),
        pytest.param(
            {**DAY_OF, **dict.fromkeys(times(10, "2026-11-25"), HALF)}, None, id="half-of-a-day"
        ),
        pytest.param(
            {**dict.fromkeys(DAY_OF, HALF), "2026-11-25 10:00:00": ("7", "7", "7", "7")},
            Fraction(1, 2),
            id="all-but-a-correction",
        ),
        pytest.param(
            {**dict.fromkeys(DAY_OF, EIGHTFOLD), **FINER}, Fraction(8), id="finer-since-then"
        ),
        pytest.param(dict.fromkeys(times(2, "2026-11-25"), HALF), None, id="too-few"),
        pytest.param(dict.fromkeys(DAY_OF, ("abc", *HALF[1:])), None, id="no-numbers"),
        pytest.param({}, None, id="nothing-shared"),
    ],
)
def test_one_ratio_must_hold_for_nearly_all(
    answer: dict[str, Prices], ratio: Fraction | None
) -> None:
    found = rebased(DAY_OF | FINER, answer)
    assert (found is None) == (ratio is None)
    assert found is None or abs(found - (ratio or 0)) < Fraction(1, 100_000)


RAW, ADJUSTED = Basis(False, BEFORE), Basis(True, BEFORE)
RATIO = Fraction(1, 2)


@pytest.mark.parametrize(
    ("known", "is_new", "adjusted", "ratio", "settled"),
    [
        (None, True, False, None, Basis(False, TODAY)),
        (None, True, True, None, Basis(True, TODAY)),
        (None, False, False, None, Change(Basis(False, TODAY))),
        (RAW, False, False, None, RAW),
        (ADJUSTED, False, True, None, ADJUSTED),
        (ADJUSTED, False, False, None, Change(Basis(False, TODAY))),
        (RAW, False, True, None, Change(Basis(True, TODAY))),
        (ADJUSTED, False, True, RATIO, Change(Basis(True, TODAY), RATIO)),
        (RAW, False, False, RATIO, Change(Basis(False, TODAY), RATIO)),
        (Basis(True, TODAY), False, True, RATIO, Change(Basis(True, date(2026, 11, 28)), RATIO)),
        (Basis(True, date(2026, 11, 28)), False, True, RATIO, None),
    ],
)
def test_what_an_answer_is_marked_with(
    known: Basis | None,
    is_new: bool,
    adjusted: bool,
    ratio: Fraction | None,
    settled: Change | Basis | None,
) -> None:
    assert next_basis(known, is_new, adjusted, ratio, TODAY) == settled


def test_kept_are_the_finished_bars_of_each_quarter_of_an_hour_and_every_day() -> None:
    bars = [
        bar(exchange_time="2026-11-25 10:00:00"),
        bar(exchange_time="2026-11-25 10:05:00"),
        bar(exchange_time="2026-11-25 10:15:00", is_final=False),
    ]
    row = ("269.80", "270.10", "269.75", "270.05")
    assert anchors("5min", bars) == {"2026-11-25 10:00:00": row}
    assert anchors("1d", [bar(exchange_time="2026-11-25")]) == {"2026-11-25": row}
