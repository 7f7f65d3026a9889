"""bar.schema.json says the same as services/common/market/bar.py, and every Bar fits it."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from services.common.market import bar
from services.common.market.bar import Bar, Ohlcv
from tests.bars import GOOD
from tests.contract.decoding.bad_input import bad_input
from tests.contract.decoding.odd_input import odd_input
from tests.contract.decoding.records import SUPERSEDED, Case, Stored
from tests.contract.decoding.schema import SCHEMA, VALIDATOR, fits, whole

PROPERTIES = SCHEMA["properties"]


def test_the_schema_is_valid_and_of_the_version_of_the_code() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == f"urn:tapeline:bar:{bar.SCHEMA_VERSION}"
    assert PROPERTIES["schema_version"]["const"] == bar.SCHEMA_VERSION


def test_every_field_is_described_and_required() -> None:
    names = {field.name for field in fields(Bar)}
    numbers = {*Ohlcv._fields}
    assert set(PROPERTIES) == {*SCHEMA["required"], "adjusted_as_of", "adjusted_for"} == names
    assert set(PROPERTIES["ohlcv"]["properties"]) == numbers
    assert {*PROPERTIES["ohlcv"]["required"], "volume"} == numbers


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("interval", bar.INTERVALS),
        ("source", bar.SOURCES),
        ("freshness", bar.FRESHNESS),
        ("exchange_tz", bar.EXCHANGE_ZONES),
    ],
)
def test_the_lists_are_those_of_the_code(name: str, values: tuple[str, ...]) -> None:
    assert PROPERTIES[name]["enum"] == list(values)


@pytest.mark.parametrize(
    ("place", "types", "pattern"),
    [
        (PROPERTIES["symbol"], "string", bar.SYMBOL_PATTERN),
        (SCHEMA["$defs"]["price"], "string", bar.PRICE_PATTERN),
        (PROPERTIES["ohlcv"]["properties"]["volume"], ["string", "null"], bar.VOLUME_PATTERN),
    ],
    ids=["symbol", "price", "volume"],
)
def test_the_patterns_are_those_of_the_code(
    place: dict[str, Any], types: str | list[str], pattern: str
) -> None:
    assert (place["type"], place["pattern"]) == (types, whole(pattern))


def test_unknown_fields_are_accepted_everywhere() -> None:
    event = json.loads(GOOD.to_json())
    event["vendor"] = {"any": ["thing", None]}
    event["ohlcv"]["vwap"] = 269.9
    assert VALIDATOR.is_valid(event)


prices = st.from_regex(bar.PRICE_PATTERN, fullmatch=True).filter(
    lambda text: any(digit in text for digit in "123456789")
)
days = st.dates().filter(lambda day: day.year >= 1000).map(str)
clocks = st.times().map(lambda time: f"{time:%H:%M:%S}")
bars = st.builds(
    Bar,
    symbol=st.from_regex(bar.SYMBOL_PATTERN, fullmatch=True),
    interval=st.shared(st.sampled_from(bar.INTERVALS), key="interval"),
    exchange_time=st.shared(st.sampled_from(bar.INTERVALS), key="interval").flatmap(
        lambda name: days if name == "1d" else st.builds("{} {}".format, days, clocks)
    ),
    exchange_tz=st.sampled_from(bar.EXCHANGE_ZONES),
    ohlcv=st.builds(
        Ohlcv,
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        volume=st.none() | st.from_regex(bar.VOLUME_PATTERN, fullmatch=True),
    ),
    source=st.sampled_from(bar.SOURCES),
    freshness=st.sampled_from(bar.FRESHNESS),
    adjusted=st.booleans(),
    is_final=st.booleans(),
    observed_at=st.builds("{}T{}.{:03}Z".format, days, clocks, st.integers(0, 999)),
    adjusted_as_of=st.none() | days,
    adjusted_for=st.sampled_from((None, *bar.ADJUSTED_FOR)),
)


@given(bars)
def test_every_bar_of_right_fields_fits(event: Bar) -> None:
    errors = list(VALIDATOR.iter_errors(json.loads(event.to_json())))
    assert errors == []


@given(st.text(max_size=20))
def test_a_symbol_fits_exactly_when_the_pattern_of_the_code_says_so(text: str) -> None:
    fits = VALIDATOR.is_valid({**json.loads(GOOD.to_json()), "symbol": text})
    assert fits == bool(re.fullmatch(bar.SYMBOL_PATTERN, text))


@pytest.mark.parametrize("end", ["\n", " ", "\u0000", "\u2028"])
def test_a_line_feed_at_the_end_is_not_forgiven(end: str) -> None:
    event = json.loads(GOOD.to_json())
    assert not VALIDATOR.is_valid({**event, "symbol": "AAPL" + end})
    assert not VALIDATOR.is_valid({**event, "observed_at": event["observed_at"] + end})
    assert not VALIDATOR.is_valid({**event, "exchange_time": event["exchange_time"] + end})


INPUT = [*bad_input(), *odd_input()]
WITHIN_A_SCHEMA = {
    *("invalid_utf8", "malformed_json", "wrong_type", "missing_field", "unknown_schema_version"),
    *("bad_symbol", "bad_interval", "bad_source", "bad_freshness", "bad_timezone"),
    *("bad_price", "nonpositive_price"),
}


@pytest.mark.parametrize("case", INPUT, ids=[case.name for case in INPUT])
def test_the_schema_judges_bad_input_as_the_stream_must(case: Case) -> None:
    if case.value is None:
        assert case.fate == "null_value"
    elif isinstance(case.fate, Stored) or case.fate == SUPERSEDED:
        assert fits(case.value)
    elif case.fate in WITHIN_A_SCHEMA:
        assert not fits(case.value)
