"""The tables of the API that tell of market alerts. Pure facts."""

from __future__ import annotations

from typing import Final

from services.dashboard.data_api.dataset import Dataset, columns

ALERTS: Final = Dataset(
    "alerts",
    "Alerts that were told, one row per (rule, symbol, bar_time), also those that were retracted.",
    "bi.alerts",
    columns(
        whole="rule_id",
        text="rule symbol interval",
        instant="bar_time",
        day="session_date",
        text_2="state figures",
        flag="is_late",
        whole_2="messages",
        instant_2="fired_at changed_at",
    ),
    ("bar_time", "symbol", "rule_id"),
    "bar_time",
    names_others=True,
)
ALERT_RULES: Final = Dataset(
    "alert-rules",
    "Rules of alerts in force, of the file and made by the API, with how many alerts each gave.",
    "bi.alert_rules",
    columns(
        whole="rule_id",
        text="rule origin symbols interval definition",
        instant="from_time added_at",
        whole_2="alerts",
        instant_2="last_alert_bar_time",
    ),
    ("rule_id",),
)
