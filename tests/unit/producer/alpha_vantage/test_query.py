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
        pytest.param(
            replace(SOURCE, entitlement="realtime"),
            Series("FX:EUR/USD", "5min"),
            FULL,
            {
                "function": "FX_INTRADAY",
                "from_symbol": "EUR",
                "to_symbol": "USD",
                "datatype": "json",
                "outputsize": "full",
                "interval": "5min",
            },
            id="fx-intraday",
        ),
        pytest.param(
            replace(SOURCE, rapidapi=True),
            Series("FX:EUR/USD", "1d"),
            COMPACT,
            {
                "function": "FX_DAILY",
                "from_symbol": "EUR",
                "to_symbol": "USD",
                "datatype": "json",
                "outputsize": "compact",
                "output_size": "compact",
            },
            id="fx-daily",
        ),
        pytest.param(
            replace(SOURCE, entitlement="delayed"),
            Series("CRYPTO:BTC/EUR", "60min"),
            COMPACT,
            {
                "function": "CRYPTO_INTRADAY",
                "symbol": "BTC",
                "market": "EUR",
                "datatype": "json",
                "outputsize": "compact",
                "interval": "60min",
            },
            id="crypto-intraday",
        ),
        pytest.param(
            SOURCE,
            Series("CRYPTO:BTC/EUR", "1d"),
            FULL,
            {
                "function": "DIGITAL_CURRENCY_DAILY",
                "symbol": "BTC",
                "market": "EUR",
                "datatype": "json",
            },
            id="crypto-daily",
        ),
        pytest.param(
            SOURCE,
            Series("INDEX:SPX", "1d"),
            FULL,
            {"function": "INDEX_DATA", "symbol": "SPX", "datatype": "json", "interval": "daily"},
            id="index",
        ),
    ],
)
def test_parameters(source: Source, series: Series, part: Slice, expected: dict[str, str]) -> None:
    assert parameters(source, series, part) == expected
