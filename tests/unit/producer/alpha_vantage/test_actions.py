"""What the vendor says of splits and dividends, and what becomes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from services.producer.alpha_vantage.actions import Seen, parse_actions, split_ratio
from services.producer.alpha_vantage.classify import Kind, classify
from services.producer.series import DIVIDENDS, SPLITS, Series

NOW = datetime(2025, 11, 6, 12, 0, 3, 412_000, tzinfo=UTC)


def listed(name: str, *rows: Any) -> list[dict[str, str]]:
    """Return of each action the fields that are not empty."""
    seen = Seen(Series("AAPL", name), "alphavantage", NOW)
    own = {"schema_version", "symbol", "source", "observed_at", "is_withdrawn"}
    events = [json.loads(action.to_json()) for action in parse_actions(rows, seen)]
    return [{k: v for k, v in each.items() if k not in own and v != ""} for each in events]


@pytest.mark.parametrize(
    ("factor", "kind", "ratio"),
    [
        ("2.0000", "split", Fraction(2)),
        ("7.0000", "split", Fraction(7)),
        ("20.0000", "split", Fraction(20)),
        ("1.5000", "split", Fraction(3, 2)),
        ("1.3333", "split", Fraction(4, 3)),
        ("1.0500", "split", Fraction(21, 20)),
        ("1.0300", "split", Fraction(103, 100)),
        ("0.1250", "split", Fraction(1, 8)),
        ("0.3333", "split", Fraction(1, 3)),
        ("0.6667", "split", Fraction(2, 3)),
        ("0.0667", "split", Fraction(1, 15)),
        ("0.0286", "split", Fraction(1, 35)),
        ("0.0143", "split", Fraction(1, 70)),
        ("0.0040", "split", Fraction(1, 250)),
        ("0.0033", "split", Fraction(1, 300)),
        ("1.0460", "spin_off", Fraction(523, 500)),
        ("1.2530", "spin_off", Fraction(1253, 1000)),
        ("1.3240", "spin_off", Fraction(331, 250)),
    ],
)
def test_a_factor_is_an_exact_ratio(factor: str, kind: str, ratio: Fraction) -> None:
    assert split_ratio(factor) == (kind, ratio)


@pytest.mark.parametrize("shares", range(2, 101))
def test_a_reverse_split_is_read_back_from_its_four_decimals(shares: int) -> None:
    kind, ratio = split_ratio(f"{1 / shares:.4f}") or ("", Fraction(1))
    assert kind == "split"
    assert f"{float(ratio):.4f}" == f"{1 / shares:.4f}"
    if shares <= 50 or shares % 10 == 0:
        assert ratio == Fraction(1, shares)


@pytest.mark.parametrize("factor", ["", "0.0000", "-1", "None", "1/2", "x", "1e3", "\u0661"])
def test_what_is_no_factor_has_no_ratio(factor: str) -> None:
    assert split_ratio(factor) is None


def test_the_lists_become_events_in_the_order_of_their_dates() -> None:
    assert listed(
        SPLITS,
        {"effective_date": "2020-08-31", "split_factor": "4.0000"},
        {"effective_date": "2014-06-09", "split_factor": "7.0000"},
    ) == [
        {
            "kind": "split",
            "ex_date": "2014-06-09",
            "number": 0,
            "numerator": "7",
            "denominator": "1",
            "vendor_value": "7.0000",
        },
        {
            "kind": "split",
            "ex_date": "2020-08-31",
            "number": 0,
            "numerator": "4",
            "denominator": "1",
            "vendor_value": "4.0000",
        },
    ]
    regular = {
        "ex_dividend_date": "2020-08-07",
        "declaration_date": "None",
        "record_date": "2020-08-10",
        "payment_date": "2020-08-13",
        "amount": "0.82",
    }
    special = {"ex_date": "2020-08-07", "amount": "1.00"}
    dated = {"record_date": "2020-08-10", "payment_date": "2020-08-13"}
    assert listed(DIVIDENDS, special, regular, regular) == [
        {
            "kind": "dividend",
            "ex_date": "2020-08-07",
            "number": 0,
            "amount": "0.82",
            "vendor_value": "0.82",
            **dated,
        },
        {
            "kind": "dividend",
            "ex_date": "2020-08-07",
            "number": 1,
            "amount": "1.00",
            "vendor_value": "1.00",
        },
    ]


def test_a_row_that_is_none_goes_on_so_that_the_stream_can_show_it() -> None:
    assert listed(SPLITS, "x", {"effective_date": "soon", "split_factor": ["4"]}) == [
        {"kind": "split", "number": 0},
        {"kind": "split", "ex_date": "soon", "number": 0, "vendor_value": "['4']"},
    ]


def test_a_list_is_told_from_an_envelope() -> None:
    def verdict(document: Any) -> tuple[Kind, list[Any]]:
        found = classify(200, {}, json.dumps(document).encode(), Series("AAPL", SPLITS))
        return found.kind, list(found.rows)

    row = {"effective_date": "2020-08-31", "split_factor": "4.0000"}
    assert verdict({"symbol": "AAPL", "data": [row]}) == (Kind.DATA, [row])
    assert verdict({"symbol": "AAPL", "data": []}) == (Kind.DATA, [])
    assert verdict({"symbol": "MSFT", "data": []}) == (Kind.MISMATCH, [])
    assert verdict({}) == (Kind.EMPTY, [])
    assert verdict({"Information": "25 requests per day"}) == (Kind.DAILY, [])
