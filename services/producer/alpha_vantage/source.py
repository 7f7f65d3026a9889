"""Where bars come from: its settings in, one checked source out."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

from services.common.secret import Secret
from services.common.settings import (
    Choice,
    Environment,
    Flag,
    SecretText,
    SettingError,
    Shape,
    Text,
)
from services.producer.alpha_vantage.quota_planner import REALTIME_PLAN_CALLS, Plan
from services.producer.series import DAY, Series

_URL_PATTERN: Final = r"https?://[^\s/?#@]+(/[^\s?#]*)?"
_SIMULATOR_KEY: Final = "tapeline-simulator"  # the simulator takes any key

ALPHA_VANTAGE_URL: Final = Text(
    "ALPHA_VANTAGE_URL",
    "The endpoint that is asked. Plain http is refused where your key would travel to another "
    "machine.",
    "https://www.alphavantage.co/query",
    Shape(_URL_PATTERN, "an address such as https://HOST/path"),
)
ALPHA_VANTAGE_KEY: Final = SecretText(
    "ALPHA_VANTAGE_KEY", "Your key; needed unless ALPHA_VANTAGE_SIMULATED is true.", ""
)
ALPHA_VANTAGE_ENTITLEMENT: Final = Choice(
    "ALPHA_VANTAGE_ENTITLEMENT",
    "What your key is entitled to: none, delayed (15 minutes) or realtime.",
    "none",
    ("none", "delayed", "realtime"),
)
ALPHA_VANTAGE_RAPIDAPI: Final = Flag(
    "ALPHA_VANTAGE_RAPIDAPI",
    "true: the key is one of RapidAPI's; an address of rapidapi.com says so by itself.",
)
ALPHA_VANTAGE_SIMULATED: Final = Flag(
    "ALPHA_VANTAGE_SIMULATED", "true: the bars come from the simulator and are marked so."
)
EXTENDED_HOURS: Final = Flag(
    "EXTENDED_HOURS", "true: also the bars before and after the regular session.", True
)
ADJUSTED: Final = Flag(
    "ADJUSTED",
    "true: the vendor's adjusted prices instead of those that were traded (intraday only).",
)


@dataclass(frozen=True)
class Source:
    """Where bars come from: endpoint, key and form of the call."""

    url: str
    key: Secret
    rapidapi: bool
    simulated: bool
    entitlement: str
    extended_hours: bool
    adjusted: bool

    @property
    def host(self) -> str:
        """Return the endpoint's host name."""
        return urlsplit(self.url).hostname or ""

    @property
    def name(self) -> str:
        """Return the `source` of every bar."""
        return "simulator" if self.simulated else "alphavantage"

    def freshness(self, series: Series) -> str:
        """Return the `freshness` of a bar of this series."""
        if self.simulated:
            return "simulated"
        if series.interval == DAY:
            return "end_of_day"
        if not series.market.needs_entitlement:
            return "realtime"
        levels = {"realtime": "realtime", "delayed": "delayed_15min", "none": "historical"}
        return levels[self.entitlement]

    def secrets(self) -> tuple[Secret, ...]:
        """Return the key in every form in which it could reach a log line."""
        key = self.key.reveal()
        return tuple(Secret(form) for form in dict.fromkeys((key, quote(key, ""), quote_plus(key))))


def read_source(env: Environment, plan: Plan) -> Source:
    """Return the source that the settings describe. Raises SettingError."""
    url = ALPHA_VANTAGE_URL.read(env)
    if not re.fullmatch(_URL_PATTERN, url):
        raise SettingError(
            "ALPHA_VANTAGE_URL must look like https://HOST/query, without user, key or parameters"
        )
    simulated = ALPHA_VANTAGE_SIMULATED.read(env)
    key, host = read_key(env, simulated), urlsplit(url).hostname or ""
    if url.startswith("http:") and not is_loopback(host) and key.reveal() != _SIMULATOR_KEY:
        raise SettingError(
            f"ALPHA_VANTAGE_URL is {url}, over which the key would travel in clear text: write "
            "https://. Plain http is for this machine, and for a simulator that is asked without "
            "ALPHA_VANTAGE_KEY (ALPHA_VANTAGE_SIMULATED=true)"
        )
    rapidapi = host.endswith(".rapidapi.com") or ALPHA_VANTAGE_RAPIDAPI.read(env)
    return Source(
        url=url,
        key=key,
        rapidapi=rapidapi,
        simulated=simulated,
        entitlement=_entitlement(env, plan),
        extended_hours=EXTENDED_HOURS.read(env),
        adjusted=ADJUSTED.read(env),
    )


def is_loopback(host: str) -> bool:
    """Return whether a host of a URL is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_key(env: Environment, simulated: bool) -> Secret:
    """Return the key, or raise SettingError for what no key is."""
    key = replace(ALPHA_VANTAGE_KEY, default=_SIMULATOR_KEY if simulated else "").read(env)
    if not key:
        raise SettingError(
            "ALPHA_VANTAGE_KEY is not set; put a key of https://www.alphavantage.co/support/"
            "#api-key into it, or into the file that ALPHA_VANTAGE_KEY_FILE names"
        )
    strange = [letter for letter in key.reveal() if not letter.isprintable()]
    if strange:
        raise SettingError(
            f"ALPHA_VANTAGE_KEY holds a character that no key has (U+{ord(strange[0]):04X})"
        )
    return key


def _entitlement(env: Environment, plan: Plan) -> str:
    entitlement = ALPHA_VANTAGE_ENTITLEMENT.read(env)
    if entitlement != "none" and not plan.premium:
        raise SettingError(
            f"ALPHA_VANTAGE_ENTITLEMENT is {entitlement!r}, which needs a premium plan: set "
            "ALPHA_VANTAGE_PLAN to its calls a minute, or the entitlement to none"
        )
    slow = plan.per_minute is not None and plan.per_minute < REALTIME_PLAN_CALLS
    if entitlement == "realtime" and slow:
        raise SettingError(
            "ALPHA_VANTAGE_ENTITLEMENT is 'realtime', which needs a plan of at least "
            f"{REALTIME_PLAN_CALLS} calls a minute; ALPHA_VANTAGE_PLAN is {plan.name}"
        )
    return entitlement
