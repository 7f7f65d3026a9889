from __future__ import annotations

from dataclasses import replace

import pytest

from services.common.secret import Secret
from services.producer.alpha_vantage.query import parameters
from services.producer.alpha_vantage.source import Source
from services.producer.series import COMPACT, FULL, Series, Slice

SOURCE = Source(
    url="https://www.alphavantage.co/query",
    key=Secret("K3Y"),
    rapidapi=False,
    simulated=False,
    entitlement="none",
    extended_hours=True,
    adjusted=True,
)
FIVE = Series("AAPL", "5min")
INTRADAY = {
    "function": "TIME_SERIES_INTRADAY",
    "symbol": "AAPL",
    "outputsize": "compact",
    "datatype": "json",
    "interval": "5min",
    "adjusted": "true",
    "extended_hours": "true",
}


@pytest.mark.parametrize(
    ("source", "series", "part", "expected"),
    [
        pytest.param(SOURCE, FIVE, COMPACT, INTRADAY, id="compact"),
        pytest.param(SOURCE, FIVE, FULL, {**INTRADAY, "outputsize": "full"}, id="full"),
        pytest.param(
            SOURCE,
            FIVE,
            Slice("month", "2025-09"),
            {**INTRADAY, "outputsize": "full", "month": "2025-09"},
            id="month",
        ),
        pytest.param(
            replace(SOURCE, entitlement="delayed", extended_hours=False, adjusted=False),
            FIVE,
            COMPACT,
            {
                **INTRADAY,
                "entitlement": "delayed",
                "extended_hours": "false",
                "adjusted": "false",
            },
            id="options",
        ),
        pytest.param(
            replace(SOURCE, rapidapi=True),
            FIVE,
            COMPACT,
            {**INTRADAY, "output_size": "compact"},
            id="rapidapi",
        ),
        pytest.param(
            replace(SOURCE, entitlement="realtime"),
            Series("AAPL", "1d"),
            COMPACT,
            {
                "function": "TIME_SERIES_DAILY",
                "symbol": "AAPL",
                "outputsize": "compact",
                "datatype": "json",
            },
            id="daily",
        ),
    ],
)
def test_parameters(source: Source, series: Series, part: Slice, expected: dict[str, str]) -> None:
    assert parameters(source, series, part) == expected
