"""Alerts of a target: which fire, who is told, and silences. What amtool prints in, lines out."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

from scripts.operations.credentials import given_file
from scripts.operations.credentials.api_key_rotation import send
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases.health_gate import look

SECRETS: Final = (
    *("webhook_url", "webhook_token", "smtp_password", "slack_url", "telegram_token"),
    *("ntfy_url", "ntfy_token", "discord_url", "teams_url", "pagerduty_key", "watchdog_url"),
)
"""The files in secrets/alerts."""
_SERVICE: Final = "alertmanager"
_AMTOOL: Final = ("amtool", "--alertmanager.url=http://127.0.0.1:9093")
_NOT_WATCHED: Final = "nobody watches: add observe to COMPOSE_PROFILES"
_TEST_MESSAGE: Final = "/app/services/alertmanager/test_message.sh"
_ALWAYS: Final = ("Watchdog", "TestMessage")


def state(operation: Operation) -> str:
    """Return which alerts fire, in one line. Raises OperationError."""
    if not _is_watched(operation):
        return _NOT_WATCHED
    found = _firing(operation)
    if not found:
        return "none fires"
    return f"{len(found)} FIRING: " + ", ".join(sorted({one["alertname"] for one in found}))


def listed(operation: Operation) -> list[str]:
    """Return a line for each alert that fires. Raises OperationError."""
    _require_watched(operation)
    return [
        f"{one['severity']:9} {one['alertname']}: {one['summary']} ({one['runbook']})"
        for one in _firing(operation)
    ] or ["none fires"]


def test(operation: Operation) -> str:
    """Send a message by every way that is set. Raises OperationError."""
    _require_watched(operation)
    words = (_TEST_MESSAGE, f"{operation.who} tries the ways.")
    operation.run(operation.target.compose("exec", "--no-TTY", _SERVICE, *words))
    return "sent; what could not be delivered is in: fab logs --service alertmanager"


def bring_secret(operation: Operation, name: str, file: str) -> str:
    """Put a secret file where Alertmanager reads it when it sends. Raises OperationError."""
    if name not in SECRETS:
        raise OperationError(f"there is no secret {name!r}; there are {', '.join(SECRETS)}")
    data = given_file.read(file)
    folder = f"{operation.target.keys}/alerts"
    operation.run(f"mkdir -p {shlex.quote(folder)}")
    send(operation, data.strip(), f"{folder}/{name}")
    operation.record(f"alert secret {name}", "brought")
    if not _is_watched(operation):
        return f"{name} is there; {_NOT_WATCHED}"
    operation.run(operation.target.compose("restart", _SERVICE))
    return f"{name} is there, and Alertmanager has started again: it sends a message"


def silence(operation: Operation, alert: str, span: str, reason: str) -> str:
    """Silence an alert for a span such as 2h; return the silence's id. Raises OperationError."""
    if not re.fullmatch(r"[A-Za-z]+", alert):
        raise OperationError(f"--alert {alert!r} must be a name, such as StreamLags")
    if not re.fullmatch(r"\d+[mhdw]", span):
        raise OperationError(f"--span {span!r} must be like 30m, 2h or 7d")
    _require_watched(operation)
    options = (f"--duration={span}", f"--author={operation.who}", f"--comment={reason or 'fab'}")
    made = _amtool(operation, "silence", "add", f"alertname={alert}", *options).strip()
    operation.record(f"silence {alert} {span}", made)
    return made


def end_silence(operation: Operation, silence_id: str) -> None:
    """End a silence. Raises OperationError."""
    if not re.fullmatch(r"[0-9a-f-]{36}", silence_id):
        raise OperationError(f"--end {silence_id!r} must be the id of a silence: fab silence")
    _require_watched(operation)
    _amtool(operation, "silence", "expire", silence_id)
    operation.record(f"silence {silence_id}", "ended")


def silences(operation: Operation) -> list[str]:
    """Return a line for each silence that is in force. Raises OperationError."""
    _require_watched(operation)
    found = json.loads(_amtool(operation, "silence", "query", "--output=json") or "[]")
    return [_silence_line(one) for one in found] or ["no silence is in force"]


def _silence_line(one: Mapping[str, Any]) -> str:
    names = ", ".join(f"{each['name']}={each['value']}" for each in one["matchers"])
    until = f"until {str(one['endsAt'])[:16]}Z"
    return f"{one['id']}  {names}  {until}  {one['createdBy']}: {one['comment']}"


def _firing(operation: Operation) -> list[dict[str, str]]:
    printed = json.loads(_amtool(operation, "alert", "query", "--output=json") or "[]")
    found = [{**one["labels"], **one["annotations"]} for one in printed]
    told = [one for one in found if one["alertname"] not in _ALWAYS]
    blank = dict.fromkeys(("severity", "summary", "runbook"), "")
    return sorted(
        (blank | one for one in told), key=lambda one: (one["severity"], one["alertname"])
    )


def _amtool(operation: Operation, *words: str) -> str:
    return operation.run(operation.target.compose("exec", "--no-TTY", _SERVICE, *_AMTOOL, *words))


def _is_watched(operation: Operation) -> bool:
    return _SERVICE in look(operation).states


def _require_watched(operation: Operation) -> None:
    if not _is_watched(operation):
        raise OperationError(_NOT_WATCHED)
