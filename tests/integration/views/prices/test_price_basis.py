"""Bars on each price basis, against recorded cases and against exact fractions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.fixtures.market import Market, Row
from tests.integration.views.price_series import (
    Action,
    Traded,
    day_bar,
    expected,
    half_up,
    store_actions,
    store_bars,
)

HOLIDAYS = (date(2022, 1, 17), date(2022, 2, 21), date(2022, 4, 15))
SPLIT, TOTAL = "bars_split_adjusted", "bars_total_return"


def dated(market: Market, view: str, symbol: str) -> dict[date, tuple[Decimal, int]]:
    read = f"select session_date, close, volume from bi.{view} where symbol = %s"  # noqa: S608
    rows = market.rows(read, (symbol,), "powerbi_reader")
    return {row[0]: (row[1], int(row[2])) for row in rows}


def test_the_recorded_splits_and_the_dividend_of_apple(market: Market) -> None:
    bars = [
        day_bar("AAPL", date(2005, 2, 25), "88.97", 15_696_091),
        day_bar("AAPL", date(2005, 2, 28), "44.84", 21_957_556),
        day_bar("AAPL", date(2014, 6, 6), "645.57", 12_116_671),
        day_bar("AAPL", date(2014, 6, 9), "93.70", 72_875_948),
        day_bar("AAPL", date(2020, 8, 6), "455.61"),
        day_bar("AAPL", date(2020, 8, 28), "499.23", 44_109_029),
        day_bar("AAPL", date(2020, 8, 31), "129.04", 210_024_091),
    ]
    store_bars(market, bars)
    store_actions(
        market,
        [
            Action("AAPL", "split", date(2005, 2, 28), Fraction(2)),
            Action("AAPL", "split", date(2014, 6, 9), Fraction(7)),
            Action("AAPL", "split", date(2020, 8, 31), Fraction(4)),
            Action("AAPL", "dividend", date(2020, 8, 7), amount=Decimal("0.82")),
        ],
    )

    split = dated(market, SPLIT, "AAPL")
    assert split == {
        date(2005, 2, 25): (Decimal("1.58875"), 878_981_096),
        date(2005, 2, 28): (Decimal("1.6014285714"), 614_811_568),
        date(2014, 6, 6): (Decimal("23.0560714286"), 339_266_788),
        date(2014, 6, 9): (Decimal("23.425"), 291_503_792),
        date(2020, 8, 6): (Decimal("113.9025"), 4_000),
        date(2020, 8, 28): (Decimal("124.8075"), 176_436_116),
        date(2020, 8, 31): (Decimal("129.04"), 210_024_091),
    }
    move = split[date(2014, 6, 9)][0] / split[date(2014, 6, 6)][0] - 1
    assert half_up(100 * move, 2) == Decimal("1.60")

    whole = dated(market, TOTAL, "AAPL")
    assert whole[date(2020, 8, 28)] == split[date(2020, 8, 28)]
    assert whole[date(2020, 8, 6)] == (Decimal("113.6975"), 4_000)
    factor = "select price_factor, reference_date, reference_close from bi.corporate_actions"
    assert market.rows(f"{factor} where kind = 'dividend'", (), "powerbi_reader") == [
        (Decimal("0.9982002151"), date(2020, 8, 6), Decimal("455.61"))
    ]


def test_recorded_reverse_splits_spin_offs_and_two_classes_of_a_share(market: Market) -> None:
    series = {
        # The cumulated ratio of both splits is 40.
        "NVDA": [(date(2021, 7, 19), "40"), (date(2021, 7, 20), "10"), (date(2024, 6, 10), "1")],
        "GE": [(date(2021, 7, 30), "12.5"), (date(2021, 8, 2), "100"), (date(2024, 4, 2), "1")],
        "IBM": [(date(2021, 11, 3), "10.46"), (date(2021, 11, 4), "10")],
        # Class A went on as GOOGL, while GOOG became class C.
        "GOOGL": [(date(2014, 4, 2), "1135.10"), (date(2014, 4, 3), "571.50")],
        "GOOG": [(date(2014, 4, 3), "569.74"), (date(2014, 4, 4), "543.14")],
        "TSLA": [(date(2020, 8, 28), "2213.40"), (date(2020, 8, 31), "498.32")],
        "ETHA": [(date(2026, 10, 1), "20.34"), (date(2026, 10, 6), "61")],
    }
    store_bars(
        market,
        [day_bar(name, *each, volume=45_879) for name, days in series.items() for each in days],
    )
    store_actions(
        market,
        [
            Action("NVDA", "split", date(2021, 7, 20), Fraction(4)),
            Action("NVDA", "split", date(2024, 6, 10), Fraction(10)),
            Action("GE", "split", date(2021, 8, 2), Fraction(1, 8)),
            Action("GE", "spin_off", date(2024, 4, 2), Fraction("1.253")),
            Action("IBM", "spin_off", date(2021, 11, 4), Fraction("1.046")),
            Action("GOOGL", "split", date(2014, 4, 3), Fraction(2)),
            Action("TSLA", "split", date(2020, 8, 31), Fraction(5)),
            Action("ETHA", "split", date(2026, 10, 6), Fraction(1, 3)),
        ],
    )

    first = {name: days[0][0] for name, days in series.items()}
    found = {name: dated(market, SPLIT, name)[day] for name, day in first.items()}
    assert found == {
        "NVDA": (Decimal(1), 1_835_160),
        "GE": (Decimal(100), 5_735),  # of 5,734.875
        "IBM": (Decimal("10.46"), 45_879),
        "GOOGL": (Decimal("567.55"), 91_758),
        "GOOG": (Decimal("569.74"), 45_879),
        "TSLA": (Decimal("442.68"), 229_395),
        "ETHA": (Decimal("61.02"), 15_293),
    }
    # A spin-off is of the total return alone, and touches no volume.
    assert dated(market, TOTAL, "IBM")[first["IBM"]] == (Decimal(10), 45_879)
    assert dated(market, TOTAL, "GE")[first["GE"]] == (Decimal("79.8084596967"), 5_735)


def random_market(seed: int) -> tuple[list[Traded], list[Action]]:
    """Return daily bars with holes, and actions of every kind, several of them on one day, some
    before the first bar or after the last, some withdrawn, some dividends above the price. Some
    bars are adjusted, for splits as of a day or for what nobody knows."""
    chance = random.Random(seed)  # noqa: S311 - test data
    bars: list[Traded] = []
    actions: list[Action] = []
    for symbol in (f"S{number}" for number in range(12)):
        start = date(2022, 1, 3)
        sessions = [start + timedelta(days=n) for n in range(120)]
        days = [day for day in sessions if day.weekday() < 5 and chance.random() < 0.8]
        # A hole of a month: no close is known before what falls into it.
        days = [day for day in days if not 40 <= (day - start).days < 70 and day not in HOLIDAYS]
        for day in days:
            price = Decimal(chance.randrange(1, 10**9)).scaleb(-chance.randrange(7))
            volume = chance.choice([0, 1, chance.randrange(10**9)])
            at = datetime(day.year, day.month, day.day)  # noqa: DTZ001
            as_of = start + timedelta(days=chance.randrange(-5, 130))
            bases = ("unknown", *[f"split {as_of}"] * 4, *["raw"] * 11)
            bars.append(Traded(symbol, at, price, volume, basis=chance.choice(bases)))
        for _ in range(chance.randrange(1, 25)):
            day = start + timedelta(days=chance.randrange(-5, 130))
            kind = chance.choice(["split", "split", "spin_off", "dividend"])
            ratio = Fraction(chance.randrange(1, 60), chance.randrange(1, 60))
            amount = Decimal(chance.randrange(1, 10**7)).scaleb(-chance.randrange(4, 7))
            cash = kind == "dividend"
            actions += [
                Action(
                    symbol,
                    kind,
                    day,
                    None if cash else ratio,
                    amount if cash else None,
                    chance.random() < 0.1,
                )
            ] * chance.choice([1, 1, 1, 2])
    return bars, actions


def test_random_actions_agree_with_exact_fractions_to_the_last_digit(market: Market) -> None:
    bars, actions = random_market(20220103)
    store_bars(market, bars)
    store_actions(market, actions)

    for view, is_total in ((SPLIT, False), (TOTAL, True)):
        read = f"""
            select symbol, bar_time_utc at time zone 'UTC', open, high, low, close, volume
            from bi.{view}
        """  # noqa: S608
        rows = market.rows(read, (), "powerbi_reader")
        wanted = expected(bars, actions, is_total)
        assert {row[:2]: (row[5], row[6]) for row in rows} == wanted, view
        assert all(row[2] == row[3] == row[4] == row[5] for row in rows)
        assert len(rows) == len(bars)
    assert as_traded(market) == sorted((bar.symbol, bar.bar_time, bar.price) for bar in bars)


def as_traded(market: Market) -> Sequence[Row]:
    return market.rows(
        "select symbol, bar_time_utc at time zone 'UTC', close from bi.bars order by 1, 2"
    )


def test_bars_on_a_basis_and_candles_have_the_columns_of_those_as_traded(market: Market) -> None:
    read = """
        select attname from pg_attribute
        where attrelid = %s::regclass and attnum > 0 order by attnum
    """
    for kind in ("bars", "candles"):
        plain = market.rows(read, (f"bi.{kind}",))
        assert market.rows(read, (f"bi.{kind}_split_adjusted",)) == plain
        assert market.rows(read, (f"bi.{kind}_total_return",)) == plain


def test_the_evening_before_is_on_the_old_basis_and_the_early_morning_on_the_new(
    market: Market,
) -> None:
    def minute(text: str, price: str, volume: int) -> Traded:
        return Traded("TEN", datetime.fromisoformat(text), Decimal(price), volume, "5min")

    store_bars(
        market,
        [
            minute("2025-11-05 15:55", "1000", 7),  # what a dividend is measured by
            minute("2025-11-05 19:55", "900", 5),
            minute("2025-11-06 04:00", "99.5", 60),
            minute("2025-11-06 04:05", "99.7", 60),
        ],
    )
    store_actions(
        market,
        [
            Action("TEN", "split", date(2025, 11, 6), Fraction(10)),
            Action("TEN", "dividend", date(2025, 11, 6), amount=Decimal(5)),
            # Announced; no bar of that day is stored.
            Action("TEN", "split", date(2025, 11, 7), Fraction(3)),
        ],
    )

    read = "select close, volume from bi.{} where symbol = 'TEN' order by bar_time_utc"
    assert market.rows(read.format(SPLIT)) == [
        (Decimal(100), 70),
        (Decimal(90), 50),
        (Decimal("99.5"), 60),
        (Decimal("99.7"), 60),
    ]
    assert [row[0] for row in market.rows(read.format(TOTAL))] == [
        Decimal("99.5"),
        Decimal("89.55"),
        Decimal("99.5"),
        Decimal("99.7"),
    ]
    candles = """
        select session_date, open, high, low, close, volume, bars
        from bi.candles_split_adjusted where symbol = 'TEN' and interval = '60min'
        order by bar_time_utc
    """
    assert market.rows(candles) == [
        (date(2025, 11, 5), *[Decimal(100)] * 4, 70, 1),
        (date(2025, 11, 5), *[Decimal(90)] * 4, 50, 1),
        (date(2025, 11, 6), *map(Decimal, ("99.5", "99.7", "99.5", "99.7")), 120, 2),
    ]
    known = """
        select kind, ex_date, is_in_force, reference_close, price_factor
        from bi.corporate_actions order by ex_date, kind
    """
    assert market.rows(known, (), "powerbi_reader") == [
        ("dividend", date(2025, 11, 6), True, Decimal(1000), Decimal("0.995")),
        ("split", date(2025, 11, 6), True, None, Decimal("0.1")),
        ("split", date(2025, 11, 7), False, None, Decimal("0.3333333333")),
    ]


def test_a_candle_of_bars_on_several_bases_says_so_and_is_shown_as_it_is(market: Market) -> None:
    traded = Traded("MIX", datetime.fromisoformat("2025-11-05 10:00"), Decimal(100), 8, "5min")
    mark = "split 2025-11-06"
    since = replace(
        traded, start=traded.start + timedelta(minutes=5), price=Decimal(51), basis=mark
    )
    store_bars(market, [traded, since, replace(since, start=since.start + timedelta(days=1))])
    store_actions(market, [Action("MIX", "split", date(2025, 11, 6), Fraction(2))])

    bars = "select close, volume from bi.bars_split_adjusted order by bar_time"
    assert market.rows(bars) == [(50, 16), (51, 8), (51, 8)]
    for view in ("candles_60min_from_open", "candles_1d_all_hours"):
        for suffix in ("", "_split_adjusted", "_total_return"):
            read = f"select basis, adjusted, open, close, volume from bi.{view}{suffix}"  # noqa: S608
            assert market.rows(f"{read} order by bar_time") == [
                ("mixed", True, 100, 51, 16),
                (mark, True, 51, 51, 8),
            ]
