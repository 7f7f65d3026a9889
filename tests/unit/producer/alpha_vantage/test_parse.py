from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.market.bar import Bar, Ohlcv
from services.producer.alpha_vantage.parse import Observation, fingerprint, parse_bars
from services.producer.series import Series
from tests.bars import bar

SEEN = Observation(
    series=Series("AAPL", "5min"),
    zone="US/Eastern",
    source="alphavantage",
    freshness="delayed_15min",
    adjusted=True,
    observed_at=datetime(2025, 11, 7, 1, 0, 3, 412_999, tzinfo=UTC),
)
FIELDS = {
    "1. open": "269.80",
    "2. high": "270.10",
    "3. low": "269.75",
    "4. close": "270.05",
    "5. volume": "18345",
}
BAR = bar(exchange_time="2025-11-06 19:55:00", observed_at="2025-11-07T01:00:03.412Z")


_WIDE = Context(prec=60)


def _never(_: str) -> bool:
    return False


def test_bars_come_oldest_first_with_the_text_that_was_sent() -> None:
    times = {"2025-11-06 19:55:00": FIELDS, "2025-11-06 19:50:00": FIELDS}
    bars = parse_bars(times, SEEN, lambda time: time.endswith("55:00"))
    earlier = replace(BAR, exchange_time="2025-11-06 19:50:00", is_final=False)
    assert bars == [earlier, BAR]


@pytest.mark.parametrize(
    ("fields", "ohlcv"),
    [
        pytest.param({**FIELDS, "6. extra": "1"}, BAR.ohlcv, id="extra-field"),
        pytest.param(
            {"1. open": "abc", "4. close": "NaN"}, Ohlcv("abc", "", "", "NaN", None), id="missing"
        ),
        pytest.param(
            {**FIELDS, "1. open": None, "5. volume": [1]},
            Ohlcv("null", "270.10", "269.75", "270.05", "[1]"),
            id="no-text",
        ),
        pytest.param("garbage", Ohlcv("garbage", "", "", "", ""), id="no-bar-at-all"),
        pytest.param(
            {**FIELDS, "1. open": "\ud800\x00"},
            BAR.ohlcv._replace(open="\\ud800\x00"),
            id="lone-surrogate",
        ),
    ],
)
def test_an_absurd_bar_is_passed_on_as_it_is(fields: Any, ohlcv: Ohlcv) -> None:
    bars = parse_bars({"2025-11-06 19:55:00": fields}, SEEN, _never)
    assert bars == [replace(BAR, ohlcv=ohlcv, is_final=False)]
    assert json.loads(bars[0].to_json())["ohlcv"]["open"] == ohlcv.open


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("6321507.562155", "6321507.562155"),
        ("1185.0", "1185.0"),
        ("6.321507562155E6", "6321507.562155"),
        ("1e+3", "1000"),
        ("8.34E-6", "0.00000834"),
        ("1.2e99999999", "1.2e99999999"),
        ("E5", "E5"),
        (None, None),
    ],
)
def test_a_volume_is_read_exactly_whatever_its_form(sent: str | None, read: str | None) -> None:
    [parsed] = parse_bars({"2025-11-06 19:55:00": {**FIELDS, "5. volume": sent}}, SEEN, _never)
    assert parsed.ohlcv == BAR.ohlcv._replace(volume=read)


def test_a_market_without_volumes_has_none() -> None:
    fields = {name: text for name, text in FIELDS.items() if name != "5. volume"}
    [parsed] = parse_bars({"2025-11-06 19:55:00": fields}, SEEN, _never)
    assert parsed.ohlcv == BAR.ohlcv._replace(volume=None)


@settings(deadline=None)  # of a machine that is busy
@given(st.decimals(0, 10**12, places=10, allow_nan=False), st.integers(-20, 20))
def test_a_number_with_an_exponent_is_the_same_number(number: Decimal, exponent: int) -> None:
    text = f"{number.scaleb(-exponent, _WIDE):f}E{exponent}"
    [parsed] = parse_bars({"2025-11-06 19:55:00": {**FIELDS, "1. open": text}}, SEEN, _never)
    assert "E" not in parsed.ohlcv.open
    assert Decimal(parsed.ohlcv.open) == number


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(replace(BAR, observed_at="2026-01-01T00:00:00.000Z"), True, id="observed"),
        pytest.param(replace(BAR, is_final=False), False, id="final"),
        pytest.param(replace(BAR, adjusted=False), False, id="adjusted"),
        pytest.param(replace(BAR, ohlcv=BAR.ohlcv._replace(close="270.050")), False, id="digits"),
        pytest.param(replace(BAR, ohlcv=BAR.ohlcv._replace(volume="1")), False, id="volume"),
    ],
)
def test_the_fingerprint_follows_the_content(other: Bar, same: bool) -> None:
    assert (fingerprint(other) == fingerprint(BAR)) is same
