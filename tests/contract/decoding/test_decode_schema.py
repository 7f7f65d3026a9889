"""The stream's rules against the schema: what decode accepts fits the schema, and what fits the
schema is rejected only by rules that a schema cannot state."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from pyspark.sql import SparkSession

from services.common.market import bar
from services.stream.decoding.spark_decode import decode
from tests.bars import GOOD
from tests.contract.decoding.schema import fits

FIELDS = (
    *(name for name in json.loads(GOOD.to_json()) if name != "ohlcv"),
    *(f"ohlcv.{name}" for name in ("open", "high", "low", "close", "volume")),
)
LACKING = object()
VALUES: tuple[Any, ...] = (
    *(LACKING, None, True, False, 0, 1, 2, -1, 10**30, 269.75, 270.1, [], [1], {}, {"a": "b"}),
    *("", " ", "1", "0", "0.0", "-1", "+1", "1.5", "1.1234567", "1.0000000", "269.80", ".5", "5."),
    *("1e2", "NaN", "Infinity", "null", "true", "1,234.5", "1 000", "9" * 12, "9" * 13, "9" * 19),
    *("9" * 20, "9223372036854775808", "1." + "0" * 18, "1." + "0" * 19, "\u0661", "0x10"),
    *("AAPL", "aapl", "BRK-B", "AAPL ", "AAPL\n", "\ufeffAAPL", "A" * 16, "A" * 17, "\\N", "\\."),
    *("A\tB", "A\u0000", "\u202eLPAA", "\U0001f680", "'; DROP TABLE x", "=1+1", "^GSPC", "-A"),
    *bar.INTERVALS,
    *bar.EXCHANGE_ZONES,
    *bar.SOURCES,
    *bar.FRESHNESS,
    *("5MIN", "2min", "1wk", "US/Pacific", "+00:00", "EST", "alphavantage ", "yahoo", "live"),
    *("2025-11-06", "2025-11-06 15:55:00", "2025-11-06T15:55:00", "2025-11-06 15:55"),
    *("2025-11-06 24:00:00", "2025-11-06 15:60:00", "2025-11-06 15:55:60", "2025-13-01 00:00:00"),
    *("2025-00-01 00:00:00", "2025-11-31 00:00:00", "2025-02-30", "0000-01-01 00:00:00"),
    *("1969-12-31 23:59:59", "1975-01-02 10:00:00", "2050-01-03 10:00:00", "9999-12-31 23:59:59"),
    *("2025-11-02 01:30:00", "2025-03-09 02:30:00", "2025-11-06 15:55:00.5", "20251106 155500"),
    *("2025-11-06T21:00:03.412Z", "2025-11-06T21:00:03Z", "2025-11-06T21:00:03.1234567Z"),
    *("2025-11-06T21:00:03", "2025-11-06T21:00:03+00:00", "2025-11-06 21:00:03Z", "infinity"),
    *("2025-11-31T21:00:03Z", "2025-11-06T24:00:00Z", "2050-01-01T00:00:00Z"),
    *("1970-01-01T00:00:00Z", "now", "1762462803"),
)

BEYOND_A_SCHEMA = {
    "key_mismatch": "the key is not part of the value",
    "inconsistent_ohlc": "the prices are compared with each other",
    "bad_volume": "the largest bigint is not a pattern",
    "nonexistent_time": "the exchange's clock jumped over it",
    "ambiguous_time": "the exchange's clock showed it twice",
    "time_out_of_range": "judged against the record's Kafka time",
    "bad_exchange_time": "a month has not always 31 days",
    "bad_observed_at": "a month has not always 31 days",
}


GOOD_BYTES = GOOD.to_json()
TEXTS = {
    "two documents": GOOD_BYTES + GOOD_BYTES,
    "two lines": GOOD_BYTES + b"\n" + GOOD_BYTES,
    "two documents and a comma": GOOD_BYTES + b"," + GOOD_BYTES,
    "a second member after the object": GOOD_BYTES + b',"bar":' + GOOD_BYTES,
    "another member after the object": GOOD_BYTES + b',"x":{}',
    "letters and a brace after": GOOD_BYTES + b" x}",
    "line feed after": GOOD_BYTES + b"\n",
    "line feed before": b"\n" + GOOD_BYTES,
    "as it is": GOOD_BYTES,
    "spaces around": b"  " + GOOD_BYTES + b"  ",
    "spaces within": GOOD_BYTES.replace(b":", b" :\n\t"),
    "escaped field name": GOOD_BYTES.replace(b'"symbol"', b'"\\u0073ymbol"'),
    "escaped letters": GOOD_BYTES.replace(b"AAPL", b"\\u0041\\u0041PL"),
    "a field of Spark's own": GOOD_BYTES[:-1] + b',"_malformed":"x"}',
    "a field twice": GOOD_BYTES[:-1] + b',"symbol":"AAPL"}',
    "a field twice, then null": GOOD_BYTES[:-1] + b',"symbol":null}',
    "an inner object twice": GOOD_BYTES[:-1] + b',"ohlcv":{"open":"1"}}',
    "truncated": GOOD_BYTES[:-1],
    "truncated and closed": GOOD_BYTES[:-30] + b"}",
    "array": b"[" + GOOD_BYTES + b"]",
    "BOM": b"\xef\xbb\xbf" + GOOD_BYTES,
    "comment": b"{/* x */" + GOOD_BYTES[1:],
    "trailing comma": GOOD_BYTES[:-1] + b",}",
    "bare name": GOOD_BYTES[:-1] + b",x:1}",
    "single quotes": GOOD_BYTES.replace(b'"', b"'"),
    "unknown escape": GOOD_BYTES[:-1] + b',"x":"\\q"}',
    "control character": GOOD_BYTES[:-1] + b',"x":"\x01"}',
    "leading zero": GOOD_BYTES[:-1] + b',"x":01}',
    "NaN in an unknown field": GOOD_BYTES[:-1] + b',"x":NaN}',
    "letters after": GOOD_BYTES + b" x",
    "no value": b"",
    "null": b"null",
    "version 2.0": GOOD_BYTES.replace(b'"schema_version":1', b'"schema_version":2.0'),
}


def change(name: str, value: Any) -> bytes:
    event = json.loads(GOOD.to_json())
    *path, last = name.split(".")
    place = event[path[0]] if path else event
    if value is LACKING:
        del place[last]
    else:
        place[last] = value
    return json.dumps(event).encode()


def key_of(value: bytes) -> bytes:
    """Return the key that goes with the value's symbol, as far as it has one."""
    try:
        return str(json.loads(value)["symbol"]).encode() or b"AAPL"
    except (ValueError, KeyError, TypeError):
        return b"AAPL"


def reasons_of(session: SparkSession, values: list[bytes]) -> list[str | None]:
    """Return decode's reason for each value, in order."""
    arrived = datetime(2025, 11, 7, 1, 0, tzinfo=UTC)
    frame = session.createDataFrame(
        [(key_of(value), value, 0, row, arrived) for row, value in enumerate(values)],
        "key binary, value binary, partition int, offset bigint, timestamp timestamp",
    )
    found = {
        row["offset"]: row["reason"] for row in decode(frame).select("offset", "reason").collect()
    }
    return [found[row] for row in range(len(values))]


@pytest.fixture(scope="module")
def judged(spark_session: SparkSession) -> dict[tuple[str, int], tuple[bytes, str | None]]:
    """Return each changed document with decode's reason; one run of Spark for all of them."""
    names = list(product(FIELDS, range(len(VALUES))))
    documents = [change(name, VALUES[number]) for name, number in names]
    reasons = reasons_of(spark_session, documents)
    return dict(zip(names, zip(documents, reasons, strict=True), strict=True))


@pytest.fixture(scope="module")
def text_reasons(spark_session: SparkSession) -> dict[str, str | None]:
    return dict(zip(TEXTS, reasons_of(spark_session, list(TEXTS.values())), strict=True))


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_accepted_exactly_when_it_is_json_that_fits(
    name: str, text_reasons: dict[str, str | None]
) -> None:
    assert (text_reasons[name] is None) == fits(TEXTS[name])


def each(judged: dict[tuple[str, int], tuple[bytes, str | None]], name: str) -> Iterator[Any]:
    for (field, number), (value, reason) in judged.items():
        if field == name:
            yield VALUES[number], fits(value), reason


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@pytest.mark.parametrize("name", FIELDS)
def test_what_decode_accepts_fits_the_schema(
    name: str, judged: dict[tuple[str, int], tuple[bytes, str | None]]
) -> None:
    wrong = [
        value
        for value, fit, reason in each(judged, name)
        if reason is None and not fit and not is_number(value)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["symbol", *(name for name in FIELDS if "." in name)])
def test_a_number_where_the_schema_wants_text_is_rejected(
    name: str, judged: dict[tuple[str, int], tuple[bytes, str | None]]
) -> None:
    wrong = [
        value for value, _, reason in each(judged, name) if reason is None and is_number(value)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", FIELDS)
def test_what_fits_the_schema_is_rejected_only_by_rules_beyond_a_schema(
    name: str, judged: dict[tuple[str, int], tuple[bytes, str | None]]
) -> None:
    wrong = [
        (value, reason)
        for value, fit, reason in each(judged, name)
        if fit and reason is not None and reason not in BEYOND_A_SCHEMA
    ]
    assert wrong == []


def test_the_table_reaches_most_rules_and_accepts_something_of_every_field(
    judged: dict[tuple[str, int], tuple[bytes, str | None]],
) -> None:
    reasons = {reason for _, reason in judged.values()}
    accepted = {name for (name, _), (_, reason) in judged.items() if reason is None}
    assert accepted == set(FIELDS)
    assert reasons == {
        None,
        "wrong_type",
        "missing_field",
        "unknown_schema_version",
        "bad_symbol",
        "bad_interval",
        "bad_source",
        "bad_freshness",
        "bad_timezone",
        "bad_exchange_time",
        "nonexistent_time",
        "ambiguous_time",
        "bad_observed_at",
        "time_out_of_range",
        "bad_price",
        "nonpositive_price",
        "bad_volume",
        "inconsistent_ohlc",
    }
