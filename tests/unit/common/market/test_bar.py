"""The Bar event: its bytes, its key and its patterns."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.market import bar
from tests.bars import GOOD
from tests.bars import bar as make_bar


def test_the_value_is_compact_json_with_every_field_and_the_digits_as_sent() -> None:
    assert GOOD.to_json() == (
        b'{"symbol":"AAPL","interval":"5min","exchange_time":"2025-11-06 15:55:00",'
        b'"exchange_tz":"US/Eastern","ohlcv":{"open":"269.80","high":"270.10","low":"269.75",'
        b'"close":"270.05","volume":"18345"},"source":"alphavantage","freshness":"delayed_15min",'
        b'"adjusted":true,"is_final":true,"observed_at":"2025-11-06T21:00:03.412Z",'
        b'"schema_version":1}'
    )


def test_the_value_is_utf8_whatever_a_field_holds() -> None:
    value = make_bar(symbol="Ä\u0000\"'\n").to_json()
    assert json.loads(value.decode("utf-8"))["symbol"] == "Ä\u0000\"'\n"
    assert "Ä".encode() in value


any_bar = st.builds(
    bar.Bar,
    **dict.fromkeys(("symbol", "interval", "exchange_time", "exchange_tz", "source"), st.text()),
    ohlcv=st.builds(
        bar.Ohlcv,
        **dict.fromkeys(("open", "high", "low", "close"), st.text()),
        volume=st.none() | st.text(),
    ),
    freshness=st.text(),
    adjusted=st.booleans(),
    is_final=st.booleans(),
    observed_at=st.text(),
    adjusted_as_of=st.none() | st.text(),
    adjusted_for=st.none() | st.text(),
)


@settings(deadline=None)  # of a machine that is busy
@given(any_bar)
def test_the_value_is_what_an_encoder_writes(event: bar.Bar) -> None:
    fields = {**vars(event), "ohlcv": event.ohlcv._asdict()}
    for name in ("adjusted_as_of", "adjusted_for"):
        if fields[name] is None:
            del fields[name]
    expected = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
    assert event.to_json() == expected


def test_the_key_is_the_symbol() -> None:
    assert make_bar(symbol="BRK-B").key() == b"BRK-B"


def test_every_intraday_interval_has_its_length() -> None:
    intraday = {name: int(name.removesuffix("min")) for name in bar.INTERVALS if name != "1d"}
    assert intraday == bar.INTERVAL_MINUTES


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (bar.SYMBOL_PATTERN, "AAPL", True),
        (bar.SYMBOL_PATTERN, "BRK-B", True),
        (bar.SYMBOL_PATTERN, "^GSPC", True),
        (bar.SYMBOL_PATTERN, "600104.SHH", True),
        (bar.SYMBOL_PATTERN, "M&M.BSE", True),
        (bar.SYMBOL_PATTERN, "FX:EUR/USD", True),
        (bar.SYMBOL_PATTERN, "CRYPTO:1INCH/USDT", True),
        (bar.SYMBOL_PATTERN, "CRYPTO:ABCDEFGHIJ/ABCDE", True),
        (bar.SYMBOL_PATTERN, "INDEX:^GSPC", True),
        (bar.SYMBOL_PATTERN, "INDEX:ABCDEFGHIJKLMNOP", True),
        (bar.SYMBOL_PATTERN, "FX:EUR", False),
        (bar.SYMBOL_PATTERN, "FX:EURO/USD", False),
        (bar.SYMBOL_PATTERN, "FX:EUR/USD/JPY", False),
        (bar.SYMBOL_PATTERN, "CRYPTO:BTC", False),
        (bar.SYMBOL_PATTERN, "INDEX:BTC/USD", False),
        (bar.SYMBOL_PATTERN, "BOND:X", False),
        (bar.SYMBOL_PATTERN, "INDEX:FX:EUR/USD", False),
        (bar.SYMBOL_PATTERN, "EUR/USD", False),
        (bar.SYMBOL_PATTERN, "&M", False),
        (bar.SYMBOL_PATTERN, "ABCDEFGHIJKLMNOP", True),
        (bar.SYMBOL_PATTERN, "ABCDEFGHIJKLMNOPQ", False),
        (bar.SYMBOL_PATTERN, "aapl", False),
        (bar.SYMBOL_PATTERN, ".AAPL", False),
        (bar.SYMBOL_PATTERN, "A B", False),
        (bar.SYMBOL_PATTERN, "", False),
        (bar.SYMBOL_PATTERN, "ÄPPL", False),
        (bar.PRICE_PATTERN, "1", True),
        (bar.PRICE_PATTERN, "999999999999.9999999999", True),
        (bar.PRICE_PATTERN, "1.123456789000000", True),
        (bar.PRICE_PATTERN, "1.12345678901", False),
        (bar.PRICE_PATTERN, "1.0" + "0" * 30, False),
        (bar.PRICE_PATTERN, "1.", False),
        (bar.PRICE_PATTERN, ".5", False),
        (bar.PRICE_PATTERN, "-1", False),
        (bar.PRICE_PATTERN, "1e3", False),
        (bar.PRICE_PATTERN, "1,234.5", False),
        (bar.PRICE_PATTERN, "1000000000000", False),
        (bar.PRICE_PATTERN, "\u0661", False),
        (bar.VOLUME_PATTERN, "0", True),
        (bar.VOLUME_PATTERN, "9223372036854775807", True),
        (bar.VOLUME_PATTERN, "10000000000000000000", False),
        (bar.VOLUME_PATTERN, "6321507.562155", True),
        (bar.VOLUME_PATTERN, "1185.0", True),
        (bar.VOLUME_PATTERN, "1.", False),
        (bar.VOLUME_PATTERN, "1.2E3", False),
        (bar.VOLUME_PATTERN, "-1", False),
    ],
)
def test_the_patterns_fit_what_the_table_holds_and_nothing_else(
    pattern: str, text: str, fits: bool
) -> None:
    assert bool(re.fullmatch(pattern, text)) is fits


@pytest.mark.parametrize(
    ("given", "symbol"),
    [
        ("brk.a", "BRK.A"),
        (" m&m.bse\n", "M&M.BSE"),
        ("^gspc", "^GSPC"),
        ("fx:eur/usd", "FX:EUR/USD"),
    ],
)
def test_a_symbol_is_stored_in_capitals(given: str, symbol: str) -> None:
    assert bar.normal_symbol(given) == symbol


@pytest.mark.parametrize("given", ["", "A B", "'; DROP", "A" * 17, "ÄPPL", "ß"])
def test_what_is_no_symbol_is_told(given: str) -> None:
    with pytest.raises(ValueError, match="symbol"):
        bar.normal_symbol(given)


def test_no_symbol_is_longer_than_its_bound() -> None:
    longest = ["A" * 16, "INDEX:" + "A" * 16, "FX:EUR/USD", "CRYPTO:ABCDEFGHIJ/ABCDE"]
    assert [bar.normal_symbol(symbol) for symbol in longest] == longest
    assert max(map(len, longest)) == bar.SYMBOL_CHARS
