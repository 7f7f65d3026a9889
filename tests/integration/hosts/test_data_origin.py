"""Which market's bars a database holds, asked of real PostgreSQL."""

from __future__ import annotations

import pytest

from scripts.operations.releases.data_origin import BARS_OF
from tests.fixtures.market import Market
from tests.integration.views.holiday_week import WEDNESDAY
from tests.integration.views.view_market import bars_of, frame, store


@pytest.mark.parametrize(
    "sources", [(), ("simulator",), ("alphavantage",), ("simulator", "alphavantage")]
)
def test_a_database_tells_whose_bars_it_holds(market: Market, sources: tuple[str, ...]) -> None:
    for number, source in enumerate(sources):
        symbol = f"S{number}"
        store(market, frame(bars_of(symbol, WEDNESDAY, range(114, 116))), derived=False)
        change = "update market.events_stream set source = %s where symbol = %s"
        market.run(change, (source, symbol))
    assert {of: market.rows(query) for of, query in BARS_OF.items()} == {
        "simulated": [("simulator" in sources,)],
        "real": [("alphavantage" in sources,)],
    }
