"""A split or a dividend that is told after its bars takes back what it made up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.fixtures.live import wait_for
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import store
from tests.integration.market_alerts.receiving import receiving
from tests.integration.market_alerts.running import bar, running
from tests.integration.market_alerts.test_alerts import MINUTE, START

BASES = ("as_traded", "split_adjusted", "total_return")
RULES = "\n".join(
    f"  - {{name: {basis}, symbols: all, interval: 1min, basis: {basis}, to: desk, "
    "when: {change: {percent: 5, bars: 1}}}"
    for basis in BASES
)
DAY = timedelta(days=1)
ACTIONS = """
insert into market.corporate_actions (
    symbol, kind, ex_date, number, numerator, denominator, amount, vendor_value, is_withdrawn,
    source, observed_at, kafka_partition, kafka_offset
)
values
('MSFT', 'split', '2026-11-17', 0, 2, 1, null, '2', false, 'simulator', now(), 0, 0),
('TSLA', 'dividend', '2026-11-17', 0, null, null, 20, '20', false, 'simulator', now(), 0, 1)
"""


def traded(symbol: str, minute: int, day: int, close: float) -> str:
    """Return a bar as it was traded."""
    line = bar(symbol, START + minute * MINUTE + day * DAY, close)
    assert line.count("\tunknown\t") == 1
    return line.replace("\tunknown\t", "\traw\t")


def test_what_an_action_explains_is_taken_back(market: Market, tmp_path: Path) -> None:
    with receiving() as desk, running(market, tmp_path) as alerts:
        alerts.write(RULES, desk=desk.url)
        alerts.start()
        store(market, [traded(symbol, n, 0, 300) for symbol in ("MSFT", "TSLA") for n in (0, 1)])
        store(market, [traded("MSFT", n, 1, 150) for n in (0, 1)])
        store(market, [traded("TSLA", n, 1, 280) for n in (0, 1)])
        at = f"{START + DAY:%Y-%m-%dT%H:%M:%S.%fZ}"
        wanted = {
            ("alert.fired", basis, symbol, at) for basis in BASES for symbol in ("MSFT", "TSLA")
        }
        wait_for(lambda: set(desk.told()) == wanted, "the falls")

        market.run(ACTIONS)
        wanted |= {
            ("alert.retracted", "split_adjusted", "MSFT", at),
            ("alert.retracted", "total_return", "MSFT", at),
            ("alert.retracted", "total_return", "TSLA", at),
        }
        wait_for(lambda: set(desk.told()) == wanted, "what is taken back")

        # What is only seen again lets nothing be looked at; what is withdrawn was none.
        alerts.stop()
        market.run("update market.corporate_actions set observed_at = now() + interval '1 minute'")
        assert alerts.rows("select * from alerts.work") == []
        market.run("update market.corporate_actions set is_withdrawn = symbol = 'TSLA'")
        alerts.start()
        wanted.add(("alert.reinstated", "total_return", "TSLA", at))
        wait_for(lambda: set(desk.told()) == wanted, "the dividend that was none")
        wait_for(alerts.is_idle, "the end of the work")
        assert set(desk.ids().values()) == {1}
        assert alerts.stop() == 0
        assert "ERROR" not in alerts.log()
