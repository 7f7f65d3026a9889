"""Cases of the targets, and of what watches them."""

from __future__ import annotations

from tests.integration.alerts.cases.case import Case

TARGETS = (
    Case(
        "TargetGone",
        {'up{job="stream",instance="stream:9464"}': "1x5 0x9 1x9"},
        "1m10s",
        "1m20s",
        "2m40s",
    ),
    Case(
        "RulesFail",
        {'prometheus_rule_evaluation_failures_total{rule_group="stream"}': "0x9 3x60"},
        "9m",
        "12m",
        "20m",
        "1m",
    ),
    Case(
        "NoticesFail",
        {
            'alertmanager_notifications_failed_total{integration="webhook",reason="other"}': (
                "0x9 3x60"
            )
        },
        "9m",
        "12m",
        "20m",
        "1m",
    ),
)
