"""Reads a file of alerts: YAML in, rules and receivers out. What is wrong is told with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from services.alerts.rules import receivers
from services.alerts.rules.bars import INDICATORS, PRICES
from services.alerts.rules.conditions import (
    DIRECTIONS,
    RELATIONS,
    Change,
    Condition,
    Crosses,
    Gap,
    Lies,
    Volume,
)
from services.alerts.rules.model import BASES, FREQUENCIES, Alerts, Rule, RuleError
from services.alerts.rules.yaml_nodes import Node, parse
from services.common.market.bar import INTERVALS, normal_symbol

MOST_RULES: Final = 100_000
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_BARS: Final = 500
"""How far back a condition may look."""
_MOST: Final = 1e15
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,120}")
_RULE: Final = ("name", "symbols", "interval", "when", "to", "basis", "frequency", "cool_down")
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


def read_file(file: Path) -> Alerts:
    """Return what a file says. Raises RuleError."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise RuleError(f"{file}: it has more than {MOST_BYTES // 1024**2} MiB")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RuleError(f"{file}: it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RuleError(f"{file}: it is not UTF-8") from None
    return read(text, file.name, file.parent)


def read(text: str, name: str, folder: Path) -> Alerts:
    """Return what a text says; secret files are named from `folder` on. Raises RuleError."""
    parts = parse(name, text).mapping("the file", ("receivers", "rules"), ("rules",))
    known = receivers.read(parts.get("receivers"), folder)
    rules: dict[str, Rule] = {}
    for node in parts["rules"].items("rules"):
        rule = read_rule(node, known)
        if rule.name in rules:
            node.fail(f"there are two rules {rule.name!r}; each needs a name of its own")
        rules[rule.name] = rule
        if len(rules) > MOST_RULES:
            node.fail(f"there are more than {MOST_RULES} rules")
    return Alerts(tuple(rules.values()), tuple(known.values()))


def read_rule(node: Node, known: Mapping[str, object] | None) -> Rule:
    """Return one rule; `known` are the receivers that there are, None if nobody can tell."""
    parts = node.mapping("a rule", _RULE, ("name", "symbols", "interval", "when"))
    name = parts["name"].text("name")
    if not _NAME.fullmatch(name):
        parts["name"].fail("name must have at most 120 characters and none that controls")
    to = []
    for each in parts["to"].words("to") if "to" in parts else ():
        receiver = each.text("to")
        if known is not None and receiver not in known:
            each.fail(f"there is no receiver {receiver!r}; there are: {', '.join(known) or 'none'}")
        to.append(receiver)
    found: dict[str, Any] = {
        "name": name,
        "symbols": _symbols(parts["symbols"]),
        "interval": parts["interval"].choice("interval", INTERVALS),
        "receivers": tuple(dict.fromkeys(to)),
    }
    if "basis" in parts:
        found["basis"] = parts["basis"].choice("basis", BASES)
    if "frequency" in parts:
        found["frequency"] = parts["frequency"].choice("frequency", FREQUENCIES)
    if "cool_down" in parts:
        found["cool_down"] = parts["cool_down"].seconds("cool_down")
    definition = json.dumps(node.plain(), sort_keys=True, ensure_ascii=False)
    return Rule(**found, condition=_condition(parts["when"]), definition=definition)


def _symbols(node: Node) -> tuple[str, ...] | None:
    words = node.words("symbols")
    if [word.text("symbols") for word in words] == ["all"]:
        return None
    found = []
    for word in words:
        try:
            found.append(normal_symbol(word.text("symbols")))
        except ValueError as error:
            word.fail(str(error))
    return tuple(dict.fromkeys(found))


def _condition(node: Node) -> Condition:
    entries = node.entries("when")
    if len(entries) != 1:
        node.fail(f"when must have one condition: one of {', '.join(_CONDITIONS)}")
    [(kind, (key, value))] = entries.items()
    if kind not in _CONDITIONS:
        key.fail(f"there is no condition {kind!r}; there are {', '.join(_CONDITIONS)}")
    return _CONDITIONS[kind](value)


def _direction(parts: Mapping[str, Node]) -> str:
    if "direction" not in parts:
        return "either"
    return parts["direction"].choice("direction", DIRECTIONS)


def _price(node: Node) -> Condition:
    parts = node.mapping("price", ("crosses", "direction"), ("crosses",))
    return Crosses("close", parts["crosses"].number("crosses", 1e-10, _MOST), _direction(parts))


def _change(node: Node) -> Condition:
    parts = node.mapping("change", ("percent", "bars", "direction"), ("percent", "bars"))
    percent = parts["percent"].number("percent", 1e-6, 1e6)
    return Change(percent, parts["bars"].whole("bars", 1, MOST_BARS), _direction(parts))


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
    "change": _change,
    "volume": _volume,
    "indicator": _indicator,
    "signal": _signal,
    "gap": _gap,
}
