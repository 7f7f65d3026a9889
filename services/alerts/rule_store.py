"""The rules in force, as they are kept in the database, and which series they look at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from services.alerts import sql
from services.alerts.connection import Connection
from services.alerts.rules.model import ActiveRule, Rule


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
        if added:
            [(present,)] = self.connection.rows(sql.PRESENT)
            names, texts = [rule.name for rule in added], [rule.definition for rule in added]
            for rule_id, name, since in self.connection.rows(
                sql.ADD_RULES, (present, origin, names, texts)
            ):
                active.append(ActiveRule(rule_id, wanted[name], since))
        return active

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
