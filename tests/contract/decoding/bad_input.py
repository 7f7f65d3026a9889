"""The table of bad input: what reaches Kafka, and why the stream must refuse it.

Numbers in the names are those of the list of bad-input classes that the project keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.contract.decoding.records import (
    CLOSE_TO_THE_LIMIT,
    GOOD_BYTES,
    Case,
    changed,
    document,
    encoded,
    lacking,
    rejected,
)


def bad_input() -> list[Case]:
    """Return all that is refused."""
    parts = (_bytes, _fields, _symbols, _numbers, _times, _shapes)
    return [case for part in parts for case in part()]


def _bytes() -> Iterator[Case]:
    yield rejected("08 not UTF-8", "invalid_utf8", GOOD_BYTES.replace(b"AAPL", b"\xc3\x28"))
    yield rejected(
        "08 Latin-1 in an unknown field", "invalid_utf8", GOOD_BYTES[:-1] + b',"x":"\xe9"}'
    )
    yield rejected("08 UTF-16", "malformed_json", GOOD_BYTES.decode().encode("utf-16-le"))
    yield rejected("08 binary", "invalid_utf8", bytes(range(256)))
    yield rejected("09 U+0000 raw", "malformed_json", GOOD_BYTES.replace(b"AAPL", b"AA\x00PL"))
    yield rejected("09 U+0000 escaped", "bad_symbol", GOOD_BYTES.replace(b"AAPL", b"AA\\u0000PL"))
    yield rejected("09 U+0000 in the key", "key_mismatch", GOOD_BYTES, b"AAPL\x00")
    yield rejected(
        "10 lone surrogate escaped", "bad_symbol", GOOD_BYTES.replace(b"AAPL", b"\\ud800")
    )
    yield rejected(
        "10 lone surrogate encoded", "invalid_utf8", GOOD_BYTES.replace(b"AAPL", b"\xed\xa0\x80")
    )
    yield rejected(
        "10 lone surrogate as source", "bad_source", GOOD_BYTES.replace(b"alphavantage", b"\\udfff")
    )
    yield rejected("11 BOM before the object", "malformed_json", b"\xef\xbb\xbf" + GOOD_BYTES)
    yield rejected(
        "11 BOM in the symbol", "bad_symbol", GOOD_BYTES.replace(b"AAPL", b"\xef\xbb\xbfAAPL")
    )
    yield changed("11 space in the symbol", "bad_symbol", symbol=" AAPL")
    yield changed("11 line feed after the symbol", "bad_symbol", symbol="AAPL\n")
    yield rejected("12 null value", "null_value", None)
    yield rejected("13 null key", "missing_key", GOOD_BYTES, None)
    yield rejected("13 empty key", "missing_key", GOOD_BYTES, b"")
    yield rejected("13 another key", "key_mismatch", GOOD_BYTES, b"MSFT")
    yield rejected("13 key in lower case", "key_mismatch", GOOD_BYTES, b"aapl")
    yield rejected("13 key not UTF-8", "key_mismatch", GOOD_BYTES, b"AAPL\xff")


def _fields() -> Iterator[Case]:
    for field in (*document(), "open", "high", "low", "close"):
        yield rejected(f"14 without {field}", "missing_field", lacking(field))
    for field in ("symbol", "exchange_time", "ohlcv", "adjusted", "observed_at"):
        yield changed(f"14 {field} null", "missing_field", **{field: None})
    yield rejected(
        "14 field in capitals", "missing_field", GOOD_BYTES.replace(b'"symbol"', b'"Symbol"')
    )
    yield rejected("14 empty object", "missing_field", b"{}")
    yield changed("16 text as price", "bad_price", {"open": "abc"})
    yield changed("16 empty price", "bad_price", {"open": ""})
    yield changed("16 object as price", "wrong_type", {"open": {"a": 1}})
    yield changed("16 boolean as text", "wrong_type", adjusted="true")
    yield changed("16 boolean as number", "wrong_type", is_final=1)
    yield changed("16 ohlcv as text", "wrong_type", ohlcv="1,2,3,4,5")
    yield changed("16 ohlcv as array", "wrong_type", ohlcv=["1", "2", "3", "4", "5"])
    yield changed("16 unknown interval", "bad_interval", interval="2min")
    yield changed("16 unknown source", "bad_source", source="yahoo")
    yield changed("16 unknown freshness", "bad_freshness", freshness="live")
    yield changed("16 unknown zone", "bad_timezone", exchange_tz="Mars/Olympus")
    yield changed("36 schema version 2", "unknown_schema_version", schema_version=2)
    yield changed("36 schema version 0", "unknown_schema_version", schema_version=0)
    yield changed("36 schema version as text", "wrong_type", schema_version="1")
    yield changed("36 schema version null", "missing_field", schema_version=None)


def _symbols() -> Iterator[Case]:
    wrong = {
        "30 seventeen characters": "A" * 17,
        "30 empty": "",
        "30 lower case": "aapl",
        "30 control character": "AA\x07PL",
        "30 right-to-left override": "\u202eLPAA",
        "30 SQL": "'; DROP TABLE market.events_stream; --",
        "30 emoji": "\U0001f680",
        "30 letter of another script": "\u0410APL",
        "31 COPY null": "\\N",
        "31 COPY end": "\\.",
        "31 tab": "AA\tPL",
        "31 line feed": "AA\nPL",
        "31 carriage return": "AA\rPL",
        "31 backslash": "AA\\PL",
        "31 quotes": '"AA\'PL"',
        "32 formula": "=cmd|' /C calc'!A0",
        "32 formula with a plus": "+1+1",
        "32 formula with an at": "@SUM(A1)",
        "32 minus in front": "-AAPL",
    }
    for name, symbol in wrong.items():
        value = encoded(document(symbol=symbol))
        yield rejected(name, "bad_symbol", value, symbol.encode() or b"?")


def _numbers() -> Iterator[Case]:
    for text in ("NaN", "Infinity", "-Infinity", "nan", "inf", "-inf", "null"):
        yield changed(f"17 {text} as text", "bad_price", {"high": text})
        yield changed(f"17 volume {text} as text", "bad_volume", {"volume": text})
    for word in (b"NaN", b"Infinity", b"-Infinity"):
        value = GOOD_BYTES.replace(b'"269.80"', word)
        yield rejected(f"17 {word.decode()} as a bare word", "wrong_type", value)
    yield changed("18 negative price", "bad_price", {"low": "-1.00"})
    yield changed("18 zero price", "nonpositive_price", {"low": "0.0000"})
    yield changed("18 negative zero", "bad_price", {"low": "-0"})
    yield changed("19 high below low", "inconsistent_ohlc", {"high": "269.70"})
    yield changed("19 close above high", "inconsistent_ohlc", {"close": "270.11"})
    yield changed("19 close below low", "inconsistent_ohlc", {"close": "269.74"})
    yield changed("19 open above high", "inconsistent_ohlc", {"open": "270.11"})
    yield changed("19 open below low", "inconsistent_ohlc", {"open": "269.74"})
    yield changed("20 negative volume", "bad_volume", {"volume": "-1"})
    yield changed("20 volume of eleven decimals", "bad_volume", {"volume": "0.00000000001"})
    yield changed("20 empty volume", "bad_volume", {"volume": ""})
    yield changed("20 volume with an exponent", "bad_volume", {"volume": "1.2E3"})
    yield changed("20 the word null as volume", "bad_volume", {"volume": "null"})
    yield changed("36 raw as of a day", "bad_basis", adjusted=False, adjusted_as_of="2025-11-06")
    yield changed("36 raw, for splits", "bad_basis", adjusted=False, adjusted_for="splits")
    for day in ("2025-11-31", "2025-11-06 10:00:00", "", "today", "2025-1-1", "0000-01-01"):
        yield changed(f"36 adjusted as of {day!r}", "bad_basis", adjusted_as_of=day)
    for what in ("", "dividends", "Splits", "splits\n"):
        yield changed(f"36 adjusted for {what!r}", "bad_basis", adjusted_for=what)
    yield changed("36 adjusted for a number", "wrong_type", adjusted_for=1)
    yield changed("36 adjusted as of a number", "wrong_type", adjusted_as_of=20251106)
    yield changed("20 volume of twenty digits", "bad_volume", {"volume": "1" * 20})
    yield changed("21 1e400 as text", "bad_price", {"high": "1e400"})
    yield rejected("21 1e400 as number", "wrong_type", GOOD_BYTES.replace(b'"270.10"', b"1e400"))
    yield changed("21 exponent", "bad_price", {"high": "2.701e2"})
    yield changed("21 forty digits", "bad_price", {"high": "1" * 40})
    yield changed("21 forty decimals", "bad_price", {"high": "270.1" + "1" * 39})
    yield changed("21 eleven decimals", "bad_price", {"high": "270.10000000001"})
    yield changed("21 thirteen digits", "bad_price", {"high": "1" + "0" * 12})
    yield changed("21 endless zeros", "bad_price", {"high": "270.1" + "0" * CLOSE_TO_THE_LIMIT})
    yield changed("21 endless digits", "bad_price", {"high": "9" * CLOSE_TO_THE_LIMIT})
    yield changed("22 thousands with commas", "bad_price", {"open": "1,234.5"})
    yield changed("22 decimal comma", "bad_price", {"open": "269,80"})
    yield changed("22 thousands with spaces", "bad_price", {"open": "1 234.5"})
    yield changed("22 currency sign", "bad_price", {"open": "$269.80"})
    yield changed("22 Arabic digits", "bad_price", {"open": "\u0662\u0666\u0669"})
    yield changed("22 space in front", "bad_price", {"open": " 269.80"})
    yield changed("22 hexadecimal", "bad_price", {"open": "0x10D"})
    yield changed("22 volume with commas", "bad_volume", {"volume": "18,345"})


NONEXISTENT = {
    "US/Eastern": "2025-03-09 02:30:00",
    "America/New_York": "2025-03-09 02:00:00",
    "America/Toronto": "2025-03-09 02:59:59",
    "Europe/London": "2025-03-30 01:30:00",
    "Europe/Berlin": "2025-03-30 02:30:00",
}
AMBIGUOUS = {
    "US/Eastern": "2025-11-02 01:30:00",
    "America/New_York": "2025-11-02 01:00:00",
    "America/Toronto": "2025-11-02 01:59:59",
    "Europe/London": "2025-10-26 01:30:00",
    "Europe/Berlin": "2025-10-26 02:30:00",
}


def _times() -> Iterator[Case]:
    for zone, text in NONEXISTENT.items():
        name = f"23 nonexistent in {zone}"
        yield changed(name, "nonexistent_time", exchange_time=text, exchange_tz=zone)
    for zone, text in AMBIGUOUS.items():
        name = f"23 ambiguous in {zone}"
        yield changed(name, "ambiguous_time", exchange_time=text, exchange_tz=zone)
    no_times = (
        *(
            "2025-11-06T15:55:00",
            "2025-11-06 15:55",
            "2025-11-06",
            "2025-02-30 10:00:00",
            "",
            "now",
        ),
        *("2025-11-06 24:00:00", "infinity", "2025-11-06 15:55:00-05:00", "12345-01-01 00:00:00"),
    )
    for text in no_times:
        yield changed(f"24 exchange time {text!r}", "bad_exchange_time", exchange_time=text)
    yield changed("24 daily bar with a time", "bad_exchange_time", interval="1d")
    no_instants = ("2025-11-06T21:00:03", "2025-11-06T21:00:03+00:00", "infinity", "1762462803", "")
    for text in no_instants:
        yield changed(f"24 observed at {text!r}", "bad_observed_at", observed_at=text)
    far = "time_out_of_range"
    soon = datetime.now(tz=UTC) + timedelta(days=3)
    yield changed("24 far future", far, exchange_time="2050-01-03 10:00:00")
    yield changed("24 three days ahead", far, exchange_time=f"{soon:%Y-%m-%d} 10:00:00")
    yield changed("24 year 9999", far, exchange_time="9999-12-31 23:59:59")
    yield changed("24 before 1970", far, exchange_time="1969-12-31 18:59:59")
    yield changed("24 year 0", far, exchange_time="0000-01-01 00:00:00")
    yield changed("24 observed in the future", far, observed_at=f"{soon:%Y-%m-%d}T00:00:00Z")


def _shapes() -> Iterator[Case]:
    no_objects = {
        "05 truncated": GOOD_BYTES[:-20],
        "05 truncated within a field": GOOD_BYTES[: len(GOOD_BYTES) // 2],
        "05 empty value": b"",
        "05 spaces": b"   ",
        "05 HTML": b"<html><body>502 Bad Gateway</body></html>",
        "35 trailing garbage": GOOD_BYTES + b"garbage",
        "35 array of one object": b"[" + GOOD_BYTES + b"]",
        "35 single quotes": GOOD_BYTES.replace(b'"', b"'"),
        "35 comment": b"/* bar */" + GOOD_BYTES,
        "35 trailing comma": GOOD_BYTES[:-1] + b",}",
        "35 JSON null": b"null",
        "35 JSON text": b'"AAPL"',
        "35 JSON number": b"1",
        "34 deep nesting of arrays": GOOD_BYTES[:-1]
        + b',"x":'
        + b"[" * 10_000
        + b"]" * 10_000
        + b"}",
        "34 deep nesting of objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        "34 unclosed arrays": b"[" * CLOSE_TO_THE_LIMIT,
    }
    for name, value in no_objects.items():
        yield rejected(name, "malformed_json", value)
    big = encoded(document({"open": "abc"}, note="x" * CLOSE_TO_THE_LIMIT))
    yield rejected("33 900 kB that is refused", "bad_price", big)
