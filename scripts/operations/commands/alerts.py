"""Commands for alerts: which fire, who is told, and silences."""

from __future__ import annotations

from invoke.context import Context

from scripts.operations import options as opt
from scripts.operations.cli import command
from scripts.operations.errors import OperationError
from scripts.operations.operation import begin
from scripts.operations.status import alerts, market_alerts


@command
def alert(
    _: Context,
    what: opt.AlertWhat,
    name: opt.AlertSecret = "",
    stack: opt.Stack = "",
    file: opt.AlertFile = "",
) -> None:
    """List the alerts that fire, try the ways, or bring a secret, or rules on the market.

    fab alert list, fab alert test, fab alert secret --name slack_url --file FILE;
    fab alert rules --file alerts.yaml, and --name desk_key --file FILE for a secret beside it
    """
    if what not in ("list", "test", "secret", "rules"):
        raise OperationError(f"{what!r} is none of list, test, secret, rules")
    operation = begin(stack)
    if what == "list":
        print("\n".join(alerts.listed(operation)))
    elif what == "test":
        print(alerts.test(operation))
    elif what == "rules":
        print(market_alerts.bring(operation, name, file))
    else:
        print(alerts.bring_secret(operation, name, file))


@command
def silence(
    _: Context,
    alert: opt.AlertName = "",
    span: opt.SilenceSpan = "2h",
    end: opt.SilenceEnd = "",
    reason: opt.Reason = "",
    stack: opt.Stack = "",
) -> None:
    """Silence an alert for a while, end a silence, or without options list those in force."""
    operation = begin(stack)
    if end:
        alerts.end_silence(operation, end)
    elif alert:
        print(alerts.silence(operation, alert, span, reason))
    else:
        print("\n".join(alerts.silences(operation)))
