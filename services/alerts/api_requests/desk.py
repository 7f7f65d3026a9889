"""Answers what the data API asks: requests in the database in, answers and other rules out.

Rules are added and ended by the one instance that works, between two evaluations, so that no bar
falls between them. What takes long is counted in a thread of its own over a connection of its own.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Final

from services.alerts.api_requests.back_count import back_count, in_time
from services.alerts.api_requests.request_store import Answer, Request, RequestStore
from services.alerts.connection import Connection, DatabaseError
from services.alerts.event_store import EventStore
from services.alerts.rule_store import BY_API, RuleStore
from services.alerts.rules.model import Rule, RuleError
from services.alerts.rules.reader import read_rule
from services.alerts.rules.yaml_nodes import parse

MOST_RULES: Final = 10_000
"""That the API makes."""


@dataclass
class Desk:
    """Every method raises DatabaseError."""

    connect: Callable[[str], Connection]
    log: logging.Logger
    _in_hand: set[int] = field(default_factory=set)
    _stopping: Event = field(default_factory=Event)
    _counting: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def stop(self) -> None:
        """Count no more."""
        self._stopping.set()
        self._counting.shutdown(wait=True, cancel_futures=True)

    def answer_all(self, rules: RuleStore, receivers: Collection[str]) -> bool:
        """Answer what waits; return whether other rules are in force now."""
        store = RequestStore(rules.connection)
        changed = False
        waiting = store.waiting()
        # Not by the greatest number so far: requests are not committed in the order of theirs.
        self._in_hand &= {request.request_id for request in waiting}
        for request in waiting:
            if request.request_id in self._in_hand:
                continue
            if request.kind == "count":
                self._in_hand.add(request.request_id)
                self._counting.submit(self._count, request, frozenset(receivers))
                continue
            answer = _answered(request, rules, receivers)
            store.answer(request, answer)
            if request.kind != "options" and "error" not in answer:
                changed = True
                self.log.info("rules were changed by the API: %s", request.kind)
        return changed

    def _count(self, request: Request, receivers: Collection[str]) -> None:
        """Answer how often a rule would have fired; in a thread."""
        try:
            with contextlib.closing(self.connect("tapeline alerts' counting")) as connection:
                answer = self._counted(request, receivers, connection)
                RequestStore(connection).answer(request, answer)
        except DatabaseError as error:
            self.log.warning("a rule's past could not be counted: %s", error)
        except Exception:
            self.log.exception("a fault in the program")

    def _counted(
        self, request: Request, receivers: Collection[str], connection: Connection
    ) -> Answer:
        goes_on = in_time(self._stopping)
        asked = json.loads(request.body)
        try:
            rule = _rule(asked["rule"], receivers)
        except RuleError as error:
            return _refused(422, str(error))
        since, end = (datetime.fromisoformat(asked[name]) for name in ("from", "to"))
        symbols = rule.symbols or RequestStore(connection).symbols(rule.interval)
        counted = back_count(
            rule,
            symbols,
            (since.astimezone(UTC), end.astimezone(UTC)),
            EventStore(connection),
            goes_on,
        )
        return counted.answer()


def _answered(request: Request, rules: RuleStore, receivers: Collection[str]) -> Answer:
    asked = json.loads(request.body)
    if request.kind == "options":
        return {"receivers": sorted(receivers)}
    try:
        if request.kind == "add":
            return _added(_rule(asked["rule"], receivers), rules)
        refusal = _not_the_apis(asked["rule_id"], rules)
        if refusal is not None:
            return refusal
        rule = _rule(asked["rule"], receivers) if request.kind == "change" else None
    except RuleError as error:
        return _refused(422, str(error))
    if rule is not None and rules.numbered(rule.name) not in (None, asked["rule_id"]):
        return _name_taken(rule)
    rules.end_rule(asked["rule_id"])
    return {"rule_id": None} if rule is None else _added(rule, rules)


def _added(rule: Rule, rules: RuleStore) -> Answer:
    if rules.numbered(rule.name) is not None:
        return _name_taken(rule)
    if rules.count(BY_API) >= MOST_RULES:
        return _refused(422, f"there are {MOST_RULES} rules already; write more into the file")
    [active] = rules.add_rules([rule], BY_API)
    return {"rule_id": active.rule_id}


def _rule(given: object, receivers: Collection[str]) -> Rule:
    text = json.dumps(given, ensure_ascii=False)
    return read_rule(parse("", text), dict.fromkeys(receivers))


def _not_the_apis(rule_id: int, rules: RuleStore) -> Answer | None:
    origin = rules.origin_of(rule_id)
    if origin is None:
        return _refused(404, f"there is no rule {rule_id} in force")
    if origin != BY_API:
        return _refused(409, f"rule {rule_id} stands in the file of alerts; change it there")
    return None


def _name_taken(rule: Rule) -> Answer:
    return _refused(409, f"there is a rule {rule.name!r} already; each needs a name of its own")


def _refused(status: int, error: str) -> Answer:
    return {"status": status, "error": error}
