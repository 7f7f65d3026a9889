"""Messages of the API as it has worded them over the years, and what each means."""

from __future__ import annotations

import json
from typing import Any

from services.producer.alpha_vantage.classify import Kind, Verdict, classify
from services.producer.series import Series

FIVE = Series("AAPL", "5min")

_PLANS = "https://www.alphavantage.co/premium/"

INFORMATION = {
    "burst": (
        Kind.BURST,
        "Thank you for using Alpha Vantage! Please consider spreading out your free API requests "
        "more sparingly (1 request per second). You may subscribe to any of the premium plans at "
        f"{_PLANS} to lift the free key rate limit (25 requests per day), raise the per-second "
        "burst limit, and instantly unlock all premium endpoints",
    ),
    "burst-older": (
        Kind.BURST,
        "Thank you for using Alpha Vantage! Please consider spreading out your free API requests "
        f"more sparingly. You may subscribe to any of the premium plans at {_PLANS} to lift the "
        "free key rate limit (25 requests per day), raise the per-second burst limit, and "
        "instantly unlock all premium endpoints",
    ),
    "burst-premium": (
        Kind.BURST,
        "Burst pattern detected. Please consider spreading out your API requests more evenly "
        "across a 1-minute window and query no more than 20 requests per second. Please contact "
        "support@alphavantage.co",
    ),
    "minute-premium": (
        Kind.MINUTE,
        "Minute-level rate limit exceed. Please stay under the number of API requests per minute "
        "for your premium subscription plan.",
    ),
    "daily": (
        Kind.DAILY,
        "Thank you for using Alpha Vantage! Our standard API rate limit is 25 requests per day. "
        f"Please subscribe to any of the premium plans at {_PLANS} to instantly remove all daily "
        "rate limits.",
    ),
    "daily-echoes-key": (
        Kind.DAILY,
        "We have detected your API key as ABCDEFG and our standard API rate limit is 25 requests "
        f"per day. Please subscribe to any of the premium plans at {_PLANS} to instantly remove "
        "all daily rate limits.",
    ),
    "premium-endpoint": (
        Kind.PREMIUM,
        "Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any "
        f"of the premium plans at {_PLANS} to instantly unlock all premium endpoints",
    ),
    "premium-parameter": (
        Kind.PREMIUM,
        "Thank you for using Alpha Vantage! The outputsize=full parameter value is a premium "
        "feature for the TIME_SERIES_DAILY endpoint. You may subscribe to any of the premium "
        f"plans at {_PLANS} to instantly unlock all premium features",
    ),
    "not-entitled": (Kind.NOT_ENTITLED, "Your key is not yet entitled to realtime data."),
    "demo-key": (
        Kind.DEMO_KEY,
        "The **demo** API key is for demo purposes only. Please claim your free API key at "
        "(https://www.alphavantage.co/support/#api-key) to explore our full API offerings.",
    ),
    "new-wording": (Kind.UNKNOWN, "Please slow down a little."),
}

ERROR_MESSAGE = {
    "bad-call": (
        Kind.BAD_CALL,
        "Invalid API call. Please retry or visit the documentation "
        "(https://www.alphavantage.co/documentation/) for TIME_SERIES_DAILY.",
    ),
    "bad-key": (
        Kind.BAD_KEY,
        "the parameter apikey is invalid or missing. Please claim your free API key on "
        "(https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds.",
    ),
    "bad-function": (Kind.BAD_FUNCTION, "This API function () does not exist."),
    "new-wording": (Kind.UNKNOWN, "Something else went wrong."),
}


def classified(document: Any, series: Series = FIVE) -> Verdict:
    return classify(200, {}, json.dumps(document).encode(), series)
