"""The answers of every market's functions, as the vendor writes them, and the bars in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.common.market.bar import Ohlcv
from services.producer.alpha_vantage.classify import Kind, Verdict, classify
from services.producer.alpha_vantage.parse import Observation, parse_bars
from services.producer.series import Series

FX_INTRADAY = {
    "Meta Data": {
        "1. Information": "FX Intraday (5min) Time Series",
        "2. From Symbol": "EUR",
        "3. To Symbol": "USD",
        "4. Last Refreshed": "2024-05-14 01:00:00",
        "5. Interval": "5min",
        "6. Output Size": "Compact",
        "7. Time Zone": "UTC",
    },
    "Time Series FX (5min)": {
        "2024-05-14 01:00:00": {
            "1. open": "1.07899",
            "2. high": "1.07912",
            "3. low": "1.07893",
            "4. close": "1.07900",
        }
    },
}
FX_DAILY = {
    "Meta Data": {
        "1. Information": "Forex Daily Prices (open, high, low, close)",
        "2. From Symbol": "EUR",
        "3. To Symbol": "USD",
        "4. Output Size": "Compact",
        "5. Last Refreshed": "2026-10-07",
        "6. Time Zone": "UTC",
    },
    "Time Series FX (Daily)": {
        "2026-10-07": {
            "1. open": "1.16510",
            "2. high": "1.16610",
            "3. low": "1.16010",
            "4. close": "1.16280",
        }
    },
}
CRYPTO_META = {
    "2. Digital Currency Code": "BTC",
    "3. Digital Currency Name": "Bitcoin",
    "4. Market Code": "EUR",
    "5. Market Name": "Euro",
}
CRYPTO_INTRADAY = {
    "Meta Data": {
        "1. Information": "Crypto Intraday (5min) Time Series",
        **CRYPTO_META,
        "6. Last Refreshed": "2024-05-14 01:00:00",
        "7. Interval": "5min",
        "8. Output Size": "Compact",
        "9. Time Zone": "UTC",
    },
    "Time Series Crypto (5min)": {
        "2024-05-14 01:00:00": {
            "1. open": "58264.22000",
            "2. high": "58299.00000",
            "3. low": "58250.10000",
            "4. close": "58290.01000",
            "5. volume": 56,
        }
    },
}
CRYPTO_DAILY_NAME = "Time Series (Digital Currency Daily)"
CRYPTO_DAILY_META = {
    "1. Information": "Daily Prices and Volumes for Digital Currency",
    **CRYPTO_META,
    "6. Last Refreshed": "2024-06-02 00:00:00",
    "7. Time Zone": "UTC",
}
CRYPTO_DAILY = {
    "Meta Data": CRYPTO_DAILY_META,
    CRYPTO_DAILY_NAME: {
        "2024-06-02": {
            "1. open": "62345.01000000",
            "2. high": "62380.00000001",
            "3. low": "62345.00000000",
            "4. close": "62361.50000000",
            "5. volume": "1.26747903",
        }
    },
}
OLD_CRYPTO_DAILY = {
    "Meta Data": CRYPTO_DAILY_META,
    CRYPTO_DAILY_NAME: {
        "2023-10-14": {
            "1a. open (EUR)": "25500.00000001",
            "1b. open (USD)": "26800.10000000",
            "2a. high (EUR)": "25700.00000000",
            "2b. high (USD)": "27000.00000000",
            "3a. low (EUR)": "25400.00000000",
            "3b. low (USD)": "26700.00000000",
            "4a. close (EUR)": "25600.00000000",
            "4b. close (USD)": "26900.00000000",
            "5. volume": "15323.74131000",
            "6. market cap (USD)": "15323.74131000",
        }
    },
}
INDEX = {
    "symbol": "SPX",
    "name": "S&P 500",
    "interval": "daily",
    "data": [
        {"date": "2026-07-06", "open": ".", "high": ".", "low": ".", "close": "."},
        {"date": "2026-07-02", "open": "1", "high": "4", "low": "0.5", "close": "2.25"},
    ],
}
EUR_USD, BTC_EUR, SPX = "FX:EUR/USD", "CRYPTO:BTC/EUR", "INDEX:SPX"
AT = "2024-05-14 01:00:00"


def _verdict(document: dict[str, Any], series: Series) -> Verdict:
    return classify(200, {}, json.dumps(document).encode(), series)


@pytest.mark.parametrize(
    ("document", "series", "zone", "time", "ohlcv"),
    [
        pytest.param(
            *(FX_INTRADAY, Series(EUR_USD, "5min"), "UTC", AT),
            Ohlcv("1.07899", "1.07912", "1.07893", "1.07900", None),
            id="fx-intraday",
        ),
        pytest.param(
            *(FX_DAILY, Series(EUR_USD, "1d"), "UTC", "2026-10-07"),
            Ohlcv("1.16510", "1.16610", "1.16010", "1.16280", None),
            id="fx-daily",
        ),
        pytest.param(
            *(CRYPTO_INTRADAY, Series(BTC_EUR, "5min"), "UTC", AT),
            Ohlcv("58264.22000", "58299.00000", "58250.10000", "58290.01000", "56"),
            id="crypto-intraday",
        ),
        pytest.param(
            *(CRYPTO_DAILY, Series(BTC_EUR, "1d"), "UTC", "2024-06-02"),
            Ohlcv(
                *("62345.01000000", "62380.00000001", "62345.00000000", "62361.50000000"),
                "1.26747903",
            ),
            id="crypto-daily",
        ),
        pytest.param(
            *(OLD_CRYPTO_DAILY, Series(BTC_EUR, "1d"), "UTC", "2023-10-14"),
            Ohlcv(
                *("25500.00000001", "25700.00000000", "25400.00000000", "25600.00000000"),
                "15323.74131000",
            ),
            id="crypto-daily-until-2023",
        ),
        pytest.param(
            *(INDEX, Series(SPX, "1d"), "US/Eastern", "2026-07-02"),
            Ohlcv("1", "4", "0.5", "2.25", None),
            id="index-without-the-day-that-has-no-value",
        ),
    ],
)
def test_the_bars_of_each_function_keep_their_digits(
    document: dict[str, Any], series: Series, zone: str, time: str, ohlcv: Ohlcv
) -> None:
    verdict = _verdict(document, series)
    seen = Observation(series, verdict.zone, "alphavantage", "realtime", False, datetime.now(UTC))
    [bar] = parse_bars(verdict.bars, seen, lambda _: True)
    assert (bar.exchange_time, bar.exchange_tz, bar.ohlcv) == (time, zone, ohlcv)
    assert bar.key() == series.symbol.encode()


@pytest.mark.parametrize(
    ("document", "series"),
    [
        pytest.param(FX_INTRADAY, Series("FX:USD/EUR", "5min"), id="other-way-round"),
        pytest.param(FX_INTRADAY, Series(EUR_USD, "15min"), id="other-interval"),
        pytest.param(FX_INTRADAY, Series("EUR", "5min"), id="share"),
        pytest.param(CRYPTO_DAILY, Series("CRYPTO:BTC/USD", "1d"), id="other-currency"),
        pytest.param(CRYPTO_DAILY, Series("FX:BTC/EUR", "1d"), id="other-market"),
        pytest.param(CRYPTO_INTRADAY, Series(BTC_EUR, "1d"), id="intraday-for-a-day"),
        pytest.param(INDEX, Series("INDEX:NDX", "1d"), id="other-index"),
        pytest.param({**INDEX, "interval": "weekly"}, Series(SPX, "1d"), id="weeks"),
    ],
)
def test_the_bars_of_another_call_are_not_published(
    document: dict[str, Any], series: Series
) -> None:
    assert _verdict(document, series).kind is Kind.MISMATCH


@pytest.mark.parametrize(
    ("document", "series"),
    [
        pytest.param({**FX_DAILY, "Time Series FX (Daily)": {}}, Series(EUR_USD, "1d"), id="fx"),
        pytest.param({**INDEX, "data": []}, Series(SPX, "1d"), id="index"),
        pytest.param({**INDEX, "data": INDEX["data"][:1]}, Series(SPX, "1d"), id="no-value"),
    ],
)
def test_an_answer_without_a_bar_is_empty(document: dict[str, Any], series: Series) -> None:
    assert _verdict(document, series).kind is Kind.EMPTY


def test_a_row_that_is_no_bar_is_passed_on_as_it_is() -> None:
    series = Series(SPX, "1d")
    bars = _verdict({**INDEX, "data": ["x", {"date": 7, "open": "1"}]}, series).bars
    assert bars == {"x": "x", "7": {"date": "7", "open": "1"}}
