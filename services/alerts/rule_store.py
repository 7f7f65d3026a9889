"""The rules in force, as they are kept in the database, and which series they look at."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from services.alerts import sql
from services.alerts.connection import Connection
from services.alerts.rules.model import ActiveRule, Rule, RuleError
from services.alerts.rules.reader import read_rule
from services.alerts.rules.yaml_nodes import parse

FROM_FILE: Final = "file"
BY_API: Final = "api"


class Stored(NamedTuple):
    """A rule as it is kept."""

    rule_id: int
    name: str
    definition: Mapping[str, Any]
    from_time: datetime


@dataclass(frozen=True)
class RuleStore:
    """Every method raises DatabaseError."""

    connection: Connection

    def keep_rules(self, rules: Iterable[Rule], origin: str) -> list[ActiveRule]:
        """Let these be the rules of an origin, and return them; one that is new looks at bars from
        the present of the market on."""
        wanted = {rule.name: rule for rule in rules}
        stored = {row[1]: Stored(*row) for row in self.connection.rows(sql.ACTIVE_RULES, (origin,))}
        same = {
            name: kept
            for name, kept in stored.items()
            if name in wanted and json.loads(wanted[name].definition) == kept.definition
        }
        ended = [kept.rule_id for name, kept in stored.items() if name not in same]
        if ended:
            self.connection.run(sql.END_RULES, (ended,))
        active = [
            ActiveRule(one.rule_id, wanted[name], one.from_time) for name, one in same.items()
        ]
        added = [rule for name, rule in wanted.items() if name not in same]
        # Of two rules of a name that of the file stays: it would come again with each start.
        self.connection.run(sql.END_NAMESAKES, ([rule.name for rule in added], origin))
        return active + self.add_rules(added, origin)

    def add_rules(self, rules: Sequence[Rule], origin: str) -> list[ActiveRule]:
        """Put rules of new names in force."""
        if not rules:
            return []
        [(present,)] = self.connection.rows(sql.PRESENT)
        names, texts = [rule.name for rule in rules], [rule.definition for rule in rules]
        given = {rule.name: rule for rule in rules}
        return [
            ActiveRule(rule_id, given[name], since)
            for rule_id, name, since in self.connection.rows(
                sql.ADD_RULES, (present, origin, names, texts)
            )
        ]

    def end_rule(self, rule_id: int) -> None:
        """Put a rule out of force."""
        self.connection.run(sql.END_RULES, ([rule_id],))

    def origin_of(self, rule_id: int) -> str | None:
        """Return where a rule that is in force comes from; None if there is no such rule."""
        found = self.connection.rows(sql.ORIGIN_OF_RULE, (rule_id,))
        return str(found[0][0]) if found else None

    def count(self, origin: str) -> int:
        """Return how many rules of an origin are in force."""
        return int(self.connection.rows(sql.COUNT_RULES, (origin,))[0][0])

    def numbered(self, name: str) -> int | None:
        """Return the number of the rule of a name that is in force."""
        found = self.connection.rows(sql.RULE_NAMED, (name,))
        return int(found[0][0]) if found else None

    def made_by_api(self, receivers: Collection[str]) -> tuple[list[ActiveRule], list[str]]:
        """Return the rules that were made by the API, and what is wrong with some of them now: a
        receiver may have left the file."""
        active, wrong = [], []
        for row in self.connection.rows(sql.ACTIVE_RULES, (BY_API,)):
            stored = Stored(*row)
            try:
                rule = read_rule(parse("", json.dumps(stored.definition, ensure_ascii=False)), None)
            except RuleError as error:
                wrong.append(f"rule {stored.name!r}: {error}")
                continue
            gone = [name for name in rule.receivers if name not in receivers]
            if gone:
                wrong.append(f"rule {stored.name!r}: there is no receiver {', '.join(gone)}")
                there = tuple(name for name in rule.receivers if name in receivers)
                rule = replace(rule, receivers=there)
            active.append(ActiveRule(stored.rule_id, rule, stored.from_time))
        return active, wrong

    def watch(self, series: Sequence[tuple[str, str]]) -> None:
        """Let changes of these series be noted, and those since they no longer were."""
        symbols, intervals = [one[0] for one in series], [one[1] for one in series]
        self.connection.run(sql.WATCH, {"symbols": symbols, "intervals": intervals})
        for (lapsed,) in self.connection.rows(sql.LAPSED):
            self.connection.run(sql.CATCH_UP, (lapsed,))
        self.extend_watch()

    def extend_watch(self) -> None:
        """Let changes be noted for some more days."""
        self.connection.run(sql.EXTEND_WATCH)
