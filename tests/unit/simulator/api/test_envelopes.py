"""The exact words of every envelope."""

from __future__ import annotations

import pytest

from services.simulator.api.envelopes import KINDS, csv_information, envelope

WORDS = {
    "burst": {
        "Information": "Thank you for using Alpha Vantage! Please consider spreading out your free "
        "API requests more sparingly (1 request per second). You may subscribe to any of the "
        "premium plans at https://www.alphavantage.co/premium/ to lift the free key rate limit "
        "(25 requests per day), raise the per-second burst limit, and instantly unlock all premium "
        "endpoints"
    },
    "burst_premium": {
        "Information": "Burst pattern detected. Please consider spreading out your API requests "
        "more evenly across a 1-minute window and query no more than 20 requests per second. "
        "Please contact support@alphavantage.co if you are targeting a higher API request volume."
    },
    "minute": {
        "Information": "Minute-level rate limit exceed. Please stay under the number of API "
        "requests per minute for your premium subscription plan. Please contact "
        "support@alphavantage.co if you are targeting a higher API request volume."
    },
    "minute_old": {
        "Note": "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per "
        "minute and 500 calls per day. Please visit https://www.alphavantage.co/premium/ if you "
        "would like to target a higher API call frequency."
    },
    "daily": {
        "Information": "Thank you for using Alpha Vantage! Our standard API rate limit is 25 "
        "requests per day. Please subscribe to any of the premium plans at "
        "https://www.alphavantage.co/premium/ to instantly remove all daily rate limits."
    },
    "daily_echo": {
        "Information": "We have detected your API key as KEY123 and our standard API rate limit is "
        "25 requests per day. Please subscribe to any of the premium plans at "
        "https://www.alphavantage.co/premium/ to instantly remove all daily rate limits."
    },
    "premium_endpoint": {
        "Information": "Thank you for using Alpha Vantage! This is a premium endpoint. You may "
        "subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to "
        "instantly unlock all premium endpoints"
    },
    "premium_param": {
        "Information": "Thank you for using Alpha Vantage! The outputsize=full parameter value is "
        "a premium feature for the TIME_SERIES_DAILY endpoint. You may subscribe to any of the "
        "premium plans at https://www.alphavantage.co/premium/ to instantly unlock all premium "
        "features"
    },
    "not_entitled": {
        "Information": "Thank you for using Alpha Vantage! Your API key is not yet entitled to "
        "realtime or 15-minute delayed US market data. Please contact support@alphavantage.co if "
        "you are targeting a higher API request volume."
    },
    "demo_key": {
        "Information": "The **demo** API key is for demo purposes only. Please claim your free API "
        "key at (https://www.alphavantage.co/support/#api-key) to explore our full API offerings. "
        "It takes fewer than 20 seconds."
    },
    "bad_call": {
        "Error Message": "Invalid API call. Please retry or visit the documentation "
        "(https://www.alphavantage.co/documentation/) for TIME_SERIES_DAILY."
    },
    "bad_key": {
        "Error Message": "the parameter apikey is invalid or missing. Please claim your free API "
        "key on (https://www.alphavantage.co/support/#api-key). It should take less than 20 "
        "seconds."
    },
    "bad_key_information": {
        "Information": "The API key is invalid. Please claim your free API key at "
        "(https://www.alphavantage.co/support/#api-key)."
    },
    "bad_function": {"Error Message": "This API function (TIME_SERIES_DAILY) does not exist."},
    "empty_object": {},
}


@pytest.mark.parametrize("kind", WORDS)
def test_words(kind: str) -> None:
    assert envelope(kind, "TIME_SERIES_DAILY", "KEY123", per_second=20) == WORDS[kind]


def test_every_kind_is_tested() -> None:
    assert {*WORDS, "csv_information"} == set(KINDS)


def test_a_missing_function_has_no_name() -> None:
    assert envelope("bad_function") == {"Error Message": "This API function () does not exist."}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        pytest.param("timestamp,open,high,low,close,volume", "I,n,f,o,r,m", id="series"),
        pytest.param("symbol,name", "I,n", id="narrow"),
        pytest.param(",".join("abcdefghijklm"), "I,n,f,o,r,m,a,t,i,o,n", id="wide"),
    ],
)
def test_csv_information(header: str, row: str) -> None:
    assert csv_information(header) == f"{header}\r\n{row}\r\n"
