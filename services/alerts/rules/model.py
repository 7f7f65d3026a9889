"""A rule and a receiver, as they are read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from services.alerts.rules.conditions import Condition
from services.common.secret import Secret

FREQUENCIES: Final = ("each", "session", "once")
"""How often a rule tells of a symbol: at each bar at which its condition holds, at the first one
of a session, at the first one of all."""
BASES: Final = ("as_traded", "split_adjusted", "total_return")


class RuleError(Exception):
    """What is wrong with a file of alerts, in one line that names the file and the line."""


@dataclass(frozen=True)
class Rule:
    """What is looked for. `symbols` None: every symbol; `cool_down` in seconds of bar time. Without
    receivers it is told by page and API alone."""

    name: str
    symbols: tuple[str, ...] | None
    interval: str
    condition: Condition
    receivers: tuple[str, ...]
    basis: str = "as_traded"
    frequency: str = "each"
    cool_down: float = 0.0
    definition: str = ""
    """As JSON: two rules are the same if these are."""

    def concerns(self, symbol: str, interval: str) -> bool:
        """Return whether it looks at a series."""
        return interval == self.interval and (self.symbols is None or symbol in self.symbols)


@dataclass(frozen=True)
class ActiveRule:
    """A rule in force: its number in the database, and from when on it looks."""

    rule_id: int
    rule: Rule
    from_time: datetime


@dataclass(frozen=True)
class WebhookReceiver:
    """An address that takes a signed POST. The address may hold a token: it is a secret too."""

    name: str
    url: Secret
    signing_key: Secret | None
    allow_private: bool = False
    allow_http: bool = False


@dataclass(frozen=True)
class AppriseReceiver:
    """A service that Apprise knows: the URL, in a file, says which and holds its password."""

    name: str
    url: Secret
    allow_private: bool = False


Receiver = WebhookReceiver | AppriseReceiver


@dataclass(frozen=True)
class Alerts:
    """What a file of alerts says."""

    rules: tuple[Rule, ...]
    receivers: tuple[Receiver, ...]
    file: Path | None = None
