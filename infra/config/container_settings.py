"""Settings of the containers that a stack carries to its host: what was given in, checked text out.

The names are those of .env.example. What is wrong must not wait for a container to find it out on
a rented machine, so each value is judged here as the service will judge it: by the rules in
container_settings.json, which scripts/generate writes from the services' own declarations. Needs
nothing but the standard library, for `infra.outputs` reads settings back with it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_TOLD: Final[Mapping[str, Any]] = json.loads(
    Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
)
RULES: Final[Mapping[str, Mapping[str, Any]]] = _TOLD["settings"]
"""Each setting that may be given; what others decide (ports, folders, versions) is not here."""

DATA_OF_BOTH: Final = "DATA_OF_BOTH_MARKETS"
KEEP_BOTH_WORDS: Final[str] = RULES[DATA_OF_BOTH]["allowed"][0]

_PASSWORD_IN_URL: Final = re.compile(r"://[^/\s@]*:[^/\s@]*@")
_IN_CLEAR: Final = re.compile(r"http://(?!localhost[:/]|127\.)")


def _wanted(rule: Mapping[str, Any], value: str) -> str:
    """Return what a value must be, or nothing if it is so."""
    match rule["kind"]:
        case "choice":
            return "" if value in rule["allowed"] else f"one of {', '.join(rule['allowed'])}"
        case "integer":
            is_right = bool(re.fullmatch(r"\d{1,18}", value)) and _is_within(rule, int(value))
            bounds = f"{rule['minimum']} to {rule['maximum']}"
            return "" if is_right else f"a whole number from {bounds}"
        case "number":
            bounds = f"{rule['minimum']:g} to {rule['maximum']:g}"
            return "" if _is_within(rule, _number(value)) else f"a number from {bounds}"
    words = _words(value) if rule["kind"] == "list" else [value]
    is_right = bool(words) and all(re.fullmatch(rule["pattern"], word) for word in words)
    return "" if is_right else str(rule["described"])


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan


def _is_within(rule: Mapping[str, Any], number: float) -> bool:
    return bool(rule["minimum"] <= number <= rule["maximum"])


def checked(given: Mapping[str, Any], *, has_key: bool) -> dict[str, str]:
    """Return the settings as text, in the order of their names. Raises ValueError, one line.

    `has_key`: the stack gives a key of Alpha Vantage, so that its plan counts.
    """
    settings = {name: _as_text(value) for name, value in sorted(given.items())}
    for name, value in settings.items():
        _check(name, value)
    if has_key:
        _check_plan(settings)
    return settings


def _as_text(value: Any) -> str:
    """Return what Pulumi made a number or a boolean of as it was typed."""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _check(name: str, value: str) -> None:
    if name not in RULES:
        raise ValueError(f"{name} cannot be given so; there are {', '.join(sorted(RULES))}")
    if not value.isprintable() or "'" in value:
        raise ValueError(f"{name} must be one line without quotation marks")
    if _PASSWORD_IN_URL.search(value):
        raise ValueError(f"{name} holds a password, which images and logs would show")
    if wanted := _wanted(RULES[name], value):
        raise ValueError(f"{name} is {value!r}; it must be {wanted}")


def _check_plan(settings: Mapping[str, str]) -> None:
    """Judge together what the vendor couples; the producer does the same when it starts."""
    plan = settings.get("ALPHA_VANTAGE_PLAN", "free")
    entitlement = settings.get("ALPHA_VANTAGE_ENTITLEMENT", "none")
    intraday = [word for word in _words(settings.get("INTERVALS", "")) if word != "1d"]
    if _IN_CLEAR.match(settings.get("ALPHA_VANTAGE_URL", "")):
        raise ValueError(
            "ALPHA_VANTAGE_URL is plain http, over which the key would travel in clear text: write "
            "https://"
        )
    if plan == "free" and intraday:
        raise ValueError(
            f"INTERVALS holds {intraday[0]}, but intraday bars are a premium feature of Alpha "
            "Vantage: set INTERVALS to 1d, or ALPHA_VANTAGE_PLAN to the key's calls a minute"
        )
    if plan == "free" and entitlement != "none":
        raise ValueError(
            f"ALPHA_VANTAGE_ENTITLEMENT is {entitlement!r}, which needs a premium plan: set "
            "ALPHA_VANTAGE_PLAN to its calls a minute, or the entitlement to none"
        )
    least_calls: int = _TOLD["realtime_plan_calls"]
    if entitlement == "realtime" and plan != "unlimited" and int(plan) < least_calls:
        raise ValueError(
            "ALPHA_VANTAGE_ENTITLEMENT is 'realtime', which needs a plan of at least "
            f"{least_calls} calls a minute; ALPHA_VANTAGE_PLAN is {plan}"
        )


def _words(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]
