"""What Alpha Vantage says, with status 200, instead of data: each kind with its exact words.

The text of `not_entitled` is known only by its fragment "not yet entitled".
"""

from __future__ import annotations

from typing import Final

_PREMIUM: Final = "https://www.alphavantage.co/premium/"
_SUPPORT: Final = "(https://www.alphavantage.co/support/#api-key)"
_CONTACT: Final = (
    "Please contact support@alphavantage.co if you are targeting a higher API request volume."
)
_THANKS: Final = "Thank you for using Alpha Vantage!"
_DAY_LIMIT: Final = (
    "our standard API rate limit is 25 requests per day. Please subscribe to any of the premium "
    f"plans at {_PREMIUM} to instantly remove all daily rate limits."
)

_ENVELOPES: Final[dict[str, tuple[str, str]]] = {
    "burst": (
        "Information",
        f"{_THANKS} Please consider spreading out your free API requests more sparingly "
        f"(1 request per second). You may subscribe to any of the premium plans at {_PREMIUM} to "
        "lift the free key rate limit (25 requests per day), raise the per-second burst limit, "
        "and instantly unlock all premium endpoints",
    ),
    "burst_premium": (
        "Information",
        "Burst pattern detected. Please consider spreading out your API requests more evenly "
        "across a 1-minute window and query no more than {per_second} requests per second. "
        + _CONTACT,
    ),
    "minute": (
        "Information",
        "Minute-level rate limit exceed. Please stay under the number of API requests per minute "
        "for your premium subscription plan. " + _CONTACT,
    ),
    "minute_old": (
        "Note",
        f"{_THANKS} Our standard API call frequency is 5 calls per minute and 500 calls per day. "
        f"Please visit {_PREMIUM} if you would like to target a higher API call frequency.",
    ),
    "daily": ("Information", f"{_THANKS} O{_DAY_LIMIT[1:]}"),
    "daily_echo": ("Information", "We have detected your API key as {key} and " + _DAY_LIMIT),
    "premium_endpoint": (
        "Information",
        f"{_THANKS} This is a premium endpoint. You may subscribe to any of the premium plans at "
        f"{_PREMIUM} to instantly unlock all premium endpoints",
    ),
    "premium_param": (
        "Information",
        f"{_THANKS} The outputsize=full parameter value is a premium feature for the {{function}} "
        f"endpoint. You may subscribe to any of the premium plans at {_PREMIUM} to instantly "
        "unlock all premium features",
    ),
    "not_entitled": (
        "Information",
        f"{_THANKS} Your API key is not yet entitled to realtime or 15-minute delayed US market "
        "data. " + _CONTACT,
    ),
    "demo_key": (
        "Information",
        "The **demo** API key is for demo purposes only. Please claim your free API key at "
        f"{_SUPPORT} to explore our full API offerings. It takes fewer than 20 seconds.",
    ),
    "bad_call": (
        "Error Message",
        "Invalid API call. Please retry or visit the documentation "
        "(https://www.alphavantage.co/documentation/) for {function}.",
    ),
    "bad_key": (
        "Error Message",
        "the parameter apikey is invalid or missing. Please claim your free API key on "
        f"{_SUPPORT}. It should take less than 20 seconds.",
    ),
    "bad_key_information": (
        "Information",
        f"The API key is invalid. Please claim your free API key at {_SUPPORT}.",
    ),
    "bad_function": ("Error Message", "This API function ({function}) does not exist."),
}

KINDS: Final = (*_ENVELOPES, "empty_object", "csv_information")
"""Every envelope by its name."""


def envelope(kind: str, function: str = "", key: str = "", per_second: int = 5) -> dict[str, str]:
    """Return the JSON object of an envelope; `empty_object` has no member.

    Raises KeyError for `csv_information`, which is no JSON.
    """
    if kind == "empty_object":
        return {}
    member, text = _ENVELOPES[kind]
    return {member: text.format(function=function, key=key, per_second=per_second)}


def csv_information(header: str) -> str:
    """Return what a CSV endpoint sends in place of data: the word, a letter a column."""
    return f"{header}\r\n{','.join('Information'[: header.count(',') + 1])}\r\n"
