"""Cases of the market alerts."""

from __future__ import annotations

from tests.integration.alerts.cases.case import Case

ALERTS = 'job="alerts",instance="alerts:9464"'

MARKET_ALERTS = (
    Case(
        "MarketAlertsStalled",
        {f"tapeline_alerts_silent_seconds{{{ALERTS}}}": "1x3 0+10x9 0x9"},
        "1m30s",
        "2m",
        "2m30s",
    ),
    Case(
        "MarketAlertsBehind",
        {f"tapeline_alerts_work_rows{{{ALERTS}}}": "9x3 20000x30 9x9"},
        "2m20s",
        "3m",
        "6m",
    ),
    Case(
        "MarketAlertsUndelivered",
        {f'tapeline_alerts_oldest_pending_seconds{{{ALERTS},receiver="desk"}}': "0+60x15 0x9"},
        "10m",
        "12m",
        "20m",
        "1m",
    ),
    Case(
        "MarketAlertsGivenUp",
        {
            f'tapeline_alerts_tries_total{{{ALERTS},receiver="desk",outcome="given_up"}}': (
                "0x9 2x120"
            )
        },
        "9m",
        "15m",
        "80m",
        "1m",
    ),
    Case(
        "MarketAlertsFileWrong",
        {f"tapeline_alerts_file_is_wrong{{{ALERTS}}}": "0x5 1x9 0x9"},
        "50s",
        "1m20s",
        "3m",
    ),
)
