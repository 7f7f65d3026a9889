"""Alertmanager's configuration, whole: settings in, the document out. Pure.

Every receiver hears of every alert; what differs is how soon and how often. A critical one is sent
after five seconds and again every four hours, a warning after a minute and again once a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.alertmanager import receivers
from services.alertmanager.settings import Settings

TEST_ALERT: Final = "TestMessage"
WATCHDOG: Final = "Watchdog"
NOBODY, PEOPLE, TESTED, OUTSIDE = "nobody", "people", "tested", "outside"


def configuration(settings: Settings) -> Mapping[str, Any]:
    """Return the document. Raises SettingError where a receiver lacks something."""
    people = _receiver(PEOPLE, settings, tells_end=True)
    tested = _receiver(TESTED, settings, tells_end=False)
    has_watchdog = "watchdog_url" in settings.given
    outside: Mapping[str, Any] = {"name": OUTSIDE}
    if has_watchdog:
        outside = {"name": OUTSIDE, "webhook_configs": [receivers.watchdog(settings)]}
    return {
        "route": {
            "receiver": PEOPLE,
            "group_by": ["alertname", "job", "at"],
            "group_wait": "5s",
            "group_interval": "30s",
            "repeat_interval": "4h",
            "routes": [
                _route(f'alertname="{WATCHDOG}"', OUTSIDE, "0s", "1m", "1m"),
                _route(f'alertname="{TEST_ALERT}"', TESTED, "0s", "10s", "1h"),
                _route('severity="none"', NOBODY, "1m", "1h", "24h"),
                _route('severity="warning"', PEOPLE, "1m", "5m", "24h"),
            ],
        },
        # A service that is gone is told once, and not by all that can no longer be known of it.
        "inhibit_rules": [
            {
                "source_matchers": ['alertname="TargetGone"'],
                "target_matchers": ['severity="warning"'],
                "equal": ["job"],
            }
        ],
        "receivers": [{"name": NOBODY}, people, tested, outside],
    }


def _receiver(name: str, settings: Settings, *, tells_end: bool) -> Mapping[str, Any]:
    """Return one receiver that sends by all the ways that are set."""
    merged: dict[str, Any] = {"name": name}
    for way in settings.receivers:
        fields = receivers.receiver(way, name, settings, tells_end=tells_end)
        for kind, configs in fields.items():
            if kind != "name":
                merged[kind] = [*merged.get(kind, []), *configs]
    return merged


def _route(matcher: str, receiver: str, wait: str, interval: str, repeat: str) -> Mapping[str, Any]:
    return {
        "matchers": [matcher],
        "receiver": receiver,
        "group_wait": wait,
        "group_interval": interval,
        "repeat_interval": repeat,
    }
