"""Rules on patterns, anomalies and silence find what the views of the same names tell."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from services.alerts.rules.anomalies import KINDS
from services.alerts.rules.patterns import SHAPES
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import Price, line, store
from tests.integration.market_alerts.receiving import receiving
from tests.integration.market_alerts.running import running
from tests.integration.market_alerts.test_alerts import MINUTE, START, _at

BARS = 300
RULE = "  - {{name: {}, symbols: all, interval: 1min, when: {{{}}}}}"
RULES = "\n".join(
    [RULE.format(f"pattern {name}", f"pattern: {{is: {name}}}") for name in SHAPES]
    + [RULE.format(f"anomaly {kind}", f"anomaly: {{of: {kind}}}") for kind in KINDS]
)


def walk(seed: int) -> list[str]:
    """Return bars whose prices have few digits, so that many bodies are just as long as others."""
    chance = random.Random(seed)  # noqa: S311 - the same each time
    lines, close = [], 300.0
    for number in range(BARS):
        jump = chance.choice([0] * 40 + [-9, 9])
        opened = close + chance.choice([-0.2, -0.1, 0, 0.1, 0.2]) + jump
        close = opened + chance.choice([-0.6, -0.3, -0.1, 0, 0.1, 0.3, 0.6])
        high = max(opened, close) + chance.choice([0, 0, 0.1, 0.5] + [20] * (number % 50 == 49))
        low = min(opened, close) - chance.choice([0, 0, 0.1, 0.5])
        volume = chance.randint(900, 1100) * chance.choice([1] * 30 + [5])
        at = START + number * MINUTE
        lines.append(line("AAPL", at, Price(opened, high, low, close, volume), at + MINUTE))
    return lines


def test_patterns_and_anomalies_are_those_of_the_views(market: Market, tmp_path: Path) -> None:
    with receiving() as desk, running(market, tmp_path) as alerts:
        alerts.write(RULES, desk=desk.url)
        alerts.start()
        lines = walk(4)
        # The last one comes first, and those before it change what it is.
        store(market, lines[-1:])
        for begin in range(0, BARS - 1, 100):
            store(market, lines[begin : begin + 100])
        wait_for(alerts.is_idle, "the end of the work")
        wanted = alerts.rows(
            "select 'pattern ' || pattern, bar_time from bi.patterns union all "
            "select 'anomaly ' || kind, bar_time from bi.anomalies order by 1, 2"
        )
        found = alerts.rows(
            "select name, bar_time from alerts.events inner join alerts.rules using (rule_id) "
            "where state = 'fired' order by 1, 2"
        )
        assert found == wanted
        kinds = {name for name, _ in found}
        assert len(kinds) >= 8, kinds
        assert alerts.stop() == 0
        assert "ERROR" not in alerts.log()


def test_a_silence_is_told_by_the_market_s_clock(market: Market, tmp_path: Path) -> None:
    rule = """
  - {name: quiet, symbols: all, interval: 1min, to: desk, when: {no_data: {for: 10min}}}
"""

    def stand(at: str) -> None:
        market.run("update market.source_clocks set started_at = %s", (at,))

    def bar(symbol: str, minute: int) -> str:
        at = START + timedelta(minutes=minute)
        return line(symbol, at, Price(300, 301, 299, 300, 1000), at + MINUTE)

    with receiving() as desk, running(market, tmp_path) as alerts:
        stand("2026-11-16 14:35Z")
        alerts.write(rule, desk=desk.url)
        alerts.start()
        store(market, [bar("AAPL", n) for n in range(6)])
        store(market, [bar("TSCO.LON", n) for n in range(6)])
        wait_for(alerts.is_idle, "the end of the work")
        assert desk.told() == []
        # Nothing comes, and London has closed since.
        stand("2026-11-16 20:59Z")
        wanted = [("alert.fired", "quiet", symbol, _at(5)) for symbol in ("AAPL", "TSCO.LON")]
        wait_for(lambda: desk.told() == wanted, "the silence")
        texts = {body["data"]["symbol"]: body["data"]["text"] for _, body in desk.accepted}
        assert "no bar for 382 minutes of open hours after this one" in texts["AAPL"]
        assert "no bar for 114 minutes of open hours after this one" in texts["TSCO.LON"]
        # It all comes at last.
        store(market, [bar("AAPL", n) for n in range(6, 388)])
        wanted.insert(2, ("alert.retracted", "quiet", "AAPL", _at(5)))
        wait_for(lambda: desk.told() == wanted, "the bars")
        wait_for(alerts.is_idle, "the end of the work")
        assert alerts.stop() == 0
        assert "ERROR" not in alerts.log()
