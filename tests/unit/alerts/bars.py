"""Bars of a minute, for rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from services.alerts.rules.bars import Bar
from services.alerts.rules.conditions import Condition
from services.alerts.rules.model import ActiveRule, Rule

START = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
DAY = date(2026, 11, 16)
BARS_A_SESSION = 5


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def bar(minute: int, close: float, **own: float | None) -> Bar:
    """Return a bar; of indicators it has `rsi_14` and `sma_20`, if they are given."""
    derived: dict[str, float | None] = {
        name: own[name] for name in ("rsi_14", "sma_20") if name in own
    }
    volume = own.get("volume", 100.0)
    session = DAY + timedelta(days=minute // BARS_A_SESSION)
    opened = own.get("open", close)
    assert opened is not None
    return Bar(
        at(minute), session, opened, close + 1, close - 1, close, volume, at(minute), at(minute),
        derived or None,
    )  # fmt: skip


def active(
    condition: Condition, rule_id: int = 1, since: datetime = START, **own: object
) -> ActiveRule:
    """Return a rule in force."""
    given: dict[str, object] = {
        "name": f"rule {rule_id}",
        "symbols": None,
        "interval": "1min",
        "receivers": ("desk",),
        **own,
    }
    return ActiveRule(rule_id, Rule(condition=condition, **given), since)  # type: ignore[arg-type]
