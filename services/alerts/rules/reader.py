"""Reads a file of alerts: YAML in, rules and receivers out. What is wrong is told with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from services.alerts.rules import receivers
from services.alerts.rules.condition_reader import read_condition
from services.alerts.rules.model import BASES, FREQUENCIES, Alerts, Rule, RuleError
from services.alerts.rules.yaml_nodes import Node, parse
from services.common.market.bar import INTERVALS, normal_symbol

MOST_RULES: Final = 100_000
MOST_BYTES: Final = 64 * 1024 * 1024
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,120}")
_RULE: Final = ("name", "symbols", "interval", "when", "to", "basis", "frequency", "cool_down")


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
    condition = read_condition(parts["when"], found["interval"])
    definition = json.dumps(node.plain(), sort_keys=True, ensure_ascii=False)
    return Rule(**found, condition=condition, definition=definition)


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
