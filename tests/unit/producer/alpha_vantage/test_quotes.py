"""The answer of REALTIME_BULK_QUOTES as the vendor spells it, and the events that it makes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.common.market.quote import Quote
from services.producer.alpha_vantage.classify import Kind, classify
from services.producer.alpha_vantage.quotes import Asked, fingerprint, groups_of, parse_quotes
from services.producer.series import QUOTES, Series

ASKED = Asked(
    ("MSFT", "AAPL", "IBM", "NONE"), "alphavantage", "realtime", datetime(2024, 10, 31, tzinfo=UTC)
)
MSFT = {
    "symbol": "MSFT",
    "timestamp": "2024-10-30 19:59:57.644",
    "open": "437.435",
    "high": "438.5",
    "low": "432.1",
    "close": "432.53",
    "volume": "29749138",
    "previous_close": "431.95",
    "change": "0.58",
    "change_percent": "0.13428",
    "extended_hours_quote": "412.86",
    "extended_hours_change": "-19.67",
    "extended_hours_change_percent": "-4.54766",
}
AAPL = {
    **MSFT,
    "symbol": "AAPL",
    "timestamp": "2024-10-30 12:00:00",
    "extended_hours_quote": "",
    "extended_hours_change": "",
    "extended_hours_change_percent": "",
}
EMPTY = {**dict.fromkeys(MSFT, ""), "symbol": "IBM"}
PARSED = Quote(
    symbol="MSFT",
    exchange_time="2024-10-30 19:59:57.644",
    exchange_tz="US/Eastern",
    open="437.435",
    high="438.5",
    low="432.1",
    close="432.53",
    volume="29749138",
    previous_close="431.95",
    extended_hours_price="412.86",
    source="alphavantage",
    freshness="realtime",
    observed_at="2024-10-31T00:00:00.000Z",
)


def answered(*rows: Any) -> list[Quote]:
    document = {"endpoint": "Realtime Bulk Quotes", "message": "success", "data": rows}
    series = Series(",".join(ASKED.symbols), QUOTES)
    verdict = classify(200, {}, json.dumps(document).encode(), series)
    assert verdict.kind is Kind.DATA
    return parse_quotes(verdict.rows, ASKED)


def test_a_row_becomes_an_event_with_the_digits_that_were_sent() -> None:
    assert answered(AAPL, MSFT) == [
        PARSED,
        replace(
            PARSED, symbol="AAPL", exchange_time="2024-10-30 12:00:00", extended_hours_price=""
        ),
    ]


def test_what_is_empty_missing_twice_or_of_another_symbol_makes_no_event() -> None:
    other = {**MSFT, "symbol": "TSLA"}
    assert answered(EMPTY, other, "no row", {}, MSFT, {**MSFT, "close": "1"}) == [PARSED]
    assert answered() == []


def test_what_is_no_number_travels_on() -> None:
    odd = {**MSFT, "close": "None", "volume": 29749138, "high": None, "low": 4.5e2}
    assert answered(odd) == [replace(PARSED, close="None", high="", low="450.0")]


def test_an_envelope_is_none() -> None:
    for words, kind in (
        ("This is a premium endpoint.", Kind.PREMIUM),
        ("not yet entitled to realtime", Kind.NOT_ENTITLED),
    ):
        body = json.dumps({"Information": words}).encode()
        assert classify(200, {}, body, Series("AAPL", QUOTES)).kind is kind
    assert classify(200, {}, b'{"data": {}}', Series("AAPL", QUOTES)).kind is Kind.UNKNOWN


def test_only_the_content_is_compared() -> None:
    later = replace(PARSED, observed_at="2024-10-31T00:01:00.000Z")
    assert fingerprint(PARSED) == fingerprint(later)
    others = [
        replace(PARSED, exchange_time="1"),
        replace(PARSED, close="1"),
        replace(PARSED, volume="1"),
        replace(PARSED, extended_hours_price="1"),
    ]
    assert len({fingerprint(quote) for quote in (PARSED, *others)}) == 5


def test_a_call_names_a_hundred_symbols_and_is_told_in_few_words() -> None:
    symbols = [f"S{number}" for number in range(250)]
    groups = groups_of(symbols)
    assert [len(group) for group in groups] == [100, 100, 50]
    assert [symbol for group in groups for symbol in group] == symbols
    assert str(Series(",".join(groups[0]), QUOTES)) == "S0 and 99 more quotes"
