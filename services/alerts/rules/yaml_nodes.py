"""YAML with line numbers: a text in, nodes out that tell where they stand when they are wrong.

JSON is YAML: what the data API takes is read by the same code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import yaml

from services.alerts.rules.model import RuleError

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BEGINS: Final = (
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
)
_ENDS: Final = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
_MOST_DEPTH: Final = 20
_NUMBER: Final = re.compile(r"[+-]?(\d{1,15}(\.\d{0,12})?|\.\d{1,12})")
_DURATION: Final = re.compile(r"(\d{1,6})\s*(s|min|h|d)")
_SECONDS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class Node:
    """A part of the text; `file` is empty where it is none of a file, and then no line is told.
    Every method raises RuleError."""

    file: str
    content: yaml.Node

    def fail(self, message: str) -> NoReturn:
        """Say what is wrong here."""
        raise RuleError(f"{_place(self.file, self.content.start_mark.line)}{message}")

    def mapping(
        self, what: str, known: Collection[str], needed: Collection[str]
    ) -> dict[str, Node]:
        """Return the values of a mapping by their keys, all of which must be known."""
        found = self.entries(what)
        for name, (key, _) in found.items():
            if name not in known:
                key.fail(f"{what} has no {name!r}; it may have {', '.join(known)}")
        for name in needed:
            if name not in found:
                self.fail(f"{what} has no {name!r}, which it needs")
        return {name: value for name, (_, value) in found.items()}

    def entries(self, what: str) -> dict[str, tuple[Node, Node]]:
        """Return the keys and values of a mapping by the keys' names."""
        if not isinstance(self.content, yaml.MappingNode):
            self.fail(f"{what} must be a mapping, such as `key: value`")
        found: dict[str, tuple[Node, Node]] = {}
        for key, value in self.content.value:
            node = Node(self.file, key)
            name = node.text(f"a key of {what}")
            if name in found:
                node.fail(f"{what} has {name!r} twice")
            found[name] = (node, Node(self.file, value))
        return found

    def items(self, what: str) -> Iterator[Node]:
        """Yield the parts of a list."""
        if not isinstance(self.content, yaml.SequenceNode):
            self.fail(f"{what} must be a list, each part of it with `- ` before it")
        for part in self.content.value:
            yield Node(self.file, part)

    def words(self, what: str) -> list[Node]:
        """Return the parts of a list; a single one may stand alone."""
        if isinstance(self.content, yaml.ScalarNode):
            return [self]
        found = list(self.items(what))
        if not found:
            self.fail(f"{what} is empty")
        return found

    def text(self, what: str) -> str:
        """Return a text that is not empty."""
        if not isinstance(self.content, yaml.ScalarNode) or not self.content.value.strip():
            self.fail(f"{what} must be a text")
        return str(self.content.value).strip()

    def choice(self, what: str, allowed: Collection[str]) -> str:
        """Return one of some words."""
        word = self.text(what)
        if word not in allowed:
            self.fail(f"{what} is {word[:40]!r}; it must be one of {', '.join(allowed)}")
        return word

    def number(self, what: str, least: float, most: float) -> float:
        """Return a number within bounds."""
        word = self.text(what)
        value = float(word) if _NUMBER.fullmatch(word) else math.nan
        if not least <= value <= most:
            self.fail(f"{what} is {word[:40]!r}; it must be a number from {least:g} to {most:g}")
        return value

    def whole(self, what: str, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        value = self.number(what, least, most)
        if value != int(value):
            self.fail(f"{what} is {value:g}; it must be a whole number from {least} to {most}")
        return int(value)

    def flag(self, what: str) -> bool:
        """Return true or false."""
        return self.choice(what, ("true", "false")) == "true"

    def plain(self) -> Any:
        """Return lists, mappings and texts."""
        if isinstance(self.content, yaml.ScalarNode):
            return self.content.value
        if isinstance(self.content, yaml.SequenceNode):
            return [part.plain() for part in self.items("it")]
        return {name: value.plain() for name, (_, value) in self.entries("it").items()}

    def seconds(self, what: str) -> float:
        """Return a length of time such as 90s, 15min, 4h or 2d, in seconds."""
        word = self.text(what)
        found = _DURATION.fullmatch(word)
        if found is None:
            self.fail(f"{what} is {word[:40]!r}; it must be a time such as 90s, 15min, 4h or 2d")
        return float(int(found[1]) * _SECONDS[found[2]])


def _place(file: str, line: int) -> str:
    return f"{file}:{line + 1}: " if file else ""


def parse(file: str, text: str) -> Node:
    """Return the whole of a text. Raises RuleError."""
    try:
        _check_tokens(file, text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = _place(file, 0 if mark is None else mark.line)
        problem = getattr(error, "problem", None) or "a character that YAML does not allow"
        raise RuleError(f"{place}this is no YAML: {problem}") from None
    if node is None:
        raise RuleError(f"{_place(file, 0)}this is empty; it must have `rules` and `receivers`")
    return Node(file, node)


def _check_tokens(file: str, text: str) -> None:
    """Refuse what a few bytes of could take more memory, or stack, than there is."""
    depth = 0
    for token in yaml.scan(text, Loader=_LOADER):
        place = _place(file, token.start_mark.line)
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            raise RuleError(f"{place}anchors and aliases (& and *) are not taken")
        depth += isinstance(token, _BEGINS) - isinstance(token, _ENDS)
        if depth > _MOST_DEPTH:
            raise RuleError(f"{place}this is nested too deeply")
