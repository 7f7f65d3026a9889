"""Reads the condition of a rule: YAML in, a condition out. What is wrong is told with its line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

from services.alerts.rules.anomalies import KINDS, SEVERITIES, StandsOut
from services.alerts.rules.bars import INDICATORS, PRICES
from services.alerts.rules.conditions import (
    DIRECTIONS,
    RELATIONS,
    Change,
    ChangeOver,
    Condition,
    Crosses,
    Gap,
    Lies,
    Volume,
)
from services.alerts.rules.no_data import NoData
from services.alerts.rules.patterns import SHAPES, Pattern
from services.alerts.rules.yaml_nodes import Node
from services.common.market.bar import INTERVAL_MINUTES

MOST_BARS: Final = 500
"""How far back a condition may look."""
_MOST: Final = 1e15
_MOST_QUIET_DAYS: Final = 30
_DAY_MINUTES: Final = 1440
_VALUES: Final = (*PRICES, "volume", *INDICATORS)
_SIGNALS: Final[Mapping[tuple[str, str], Condition]] = {
    ("ma_cross", "up"): Crosses("sma_20", "sma_50", "up"),
    ("ma_cross", "down"): Crosses("sma_20", "sma_50", "down"),
    ("rsi", "up"): Crosses("rsi_14", 30.0, "up"),
    ("rsi", "down"): Crosses("rsi_14", 70.0, "down"),
    ("band_break", "up"): Crosses("close", "bollinger_upper_20", "up"),
    ("band_break", "down"): Crosses("close", "bollinger_lower_20", "down"),
}
"""The rules of bi.signals."""


def read_condition(node: Node, interval: str) -> Condition:
    """Return the condition of a rule on bars of an interval. Raises RuleError."""
    entries = node.entries("when")
    if len(entries) != 1:
        node.fail(f"when must have one condition: one of {', '.join(_KINDS)}")
    [(kind, (key, value))] = entries.items()
    if kind not in _KINDS:
        key.fail(f"there is no condition {kind!r}; there are {', '.join(_KINDS)}")
    if kind == "change":
        return _change(value, interval)
    return _CONDITIONS[kind](value)


def _direction(parts: Mapping[str, Node]) -> str:
    if "direction" not in parts:
        return "either"
    return parts["direction"].choice("direction", DIRECTIONS)


def _price(node: Node) -> Condition:
    parts = node.mapping("price", ("crosses", "direction"), ("crosses",))
    return Crosses("close", parts["crosses"].number("crosses", 1e-10, _MOST), _direction(parts))


def _change(node: Node, interval: str) -> Condition:
    parts = node.mapping("change", ("percent", "bars", "span", "direction"), ("percent",))
    percent = parts["percent"].number("percent", 1e-6, 1e6)
    if ("bars" in parts) == ("span" in parts):
        node.fail("change must have one of bars, span")
    if "bars" in parts:
        return Change(percent, parts["bars"].whole("bars", 1, MOST_BARS), _direction(parts))
    bar_seconds = 60 * INTERVAL_MINUTES.get(interval, _DAY_MINUTES)
    seconds = parts["span"].seconds("span")
    if not bar_seconds <= seconds <= MOST_BARS * bar_seconds:
        parts["span"].fail(
            f"span is {parts['span'].text('span')!r}; it must be from 1 to {MOST_BARS} bars of "
            f"{interval} long"
        )
    # One more, since bars may begin between whole multiples of their length.
    most = math.ceil(seconds / bar_seconds) + 1
    return ChangeOver(percent, seconds, most, _direction(parts))


def _volume(node: Node) -> Condition:
    parts = node.mapping("volume", ("times_usual", "bars"), ("times_usual",))
    bars = parts["bars"].whole("bars", 1, MOST_BARS) if "bars" in parts else 20
    return Volume(parts["times_usual"].number("times_usual", 1e-6, 1e9), bars)


def _gap(node: Node) -> Condition:
    parts = node.mapping("gap", ("percent", "direction"), ("percent",))
    return Gap(parts["percent"].number("percent", 1e-6, 1e6), _direction(parts))


def _signal(node: Node) -> Condition:
    parts = node.mapping("signal", ("rule", "direction"), ("rule", "direction"))
    rule = parts["rule"].choice("rule", tuple(dict.fromkeys(name for name, _ in _SIGNALS)))
    return _SIGNALS[rule, parts["direction"].choice("direction", ("up", "down"))]


def _pattern(node: Node) -> Condition:
    parts = node.mapping("pattern", ("is",), ("is",))
    return Pattern(parts["is"].choice("is", tuple(SHAPES)))


def _anomaly(node: Node) -> Condition:
    parts = node.mapping("anomaly", ("of", "severity"), ("of",))
    kind = parts["of"].choice("of", KINDS)
    if "severity" not in parts:
        return StandsOut(kind)
    return StandsOut(kind, 1 + SEVERITIES.index(parts["severity"].choice("severity", SEVERITIES)))


def _no_data(node: Node) -> Condition:
    parts = node.mapping("no_data", ("for",), ("for",))
    seconds = parts["for"].seconds("for")
    if not 60 <= seconds <= 86_400 * _MOST_QUIET_DAYS:
        parts["for"].fail(
            f"for is {parts['for'].text('for')!r}; it must be from 1min to {_MOST_QUIET_DAYS}d"
        )
    return NoData(seconds)


def _indicator(node: Node) -> Condition:
    parts = node.mapping("indicator", ("of", *RELATIONS, "direction"), ("of",))
    of = parts["of"].choice("of", _VALUES)
    given = [name for name in RELATIONS if name in parts]
    if len(given) != 1:
        node.fail("indicator must have one of crosses, above, below")
    [relation] = given
    than = _operand(parts[relation], relation)
    if than == of:
        parts[relation].fail(f"{of} is compared with itself")
    if relation == "crosses":
        return Crosses(of, than, _direction(parts))
    if "direction" in parts:
        parts["direction"].fail("direction goes with crosses alone")
    return Lies(of, relation, than)


def _operand(node: Node, what: str) -> float | str:
    word = node.text(what)
    if word in _VALUES:
        return word
    if re.match(r"[A-Za-z_]", word):
        node.fail(f"{what} is {word[:40]!r}; it must be a number or one of {', '.join(_VALUES)}")
    return node.number(what, -_MOST, _MOST)


_CONDITIONS: Final[Mapping[str, Callable[[Node], Condition]]] = {
    "price": _price,
    "volume": _volume,
    "indicator": _indicator,
    "signal": _signal,
    "gap": _gap,
    "pattern": _pattern,
    "anomaly": _anomaly,
    "no_data": _no_data,
}
_KINDS: Final = ("price", "change", *tuple(_CONDITIONS)[1:])
