"""Answers of Alpha Vantage that were kept as JSON: shares, foreign exchange, digital currencies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.stream.files.layout import Answers, FileError, UnansweredError
from services.stream.files.recognise import recognise
from tests.unit.stream.files.samples import decoded, told, write

PRICES = {"1. open": "1.10", "2. high": "1.3", "3. low": "1.0", "4. close": "1.20"}
EUR_USD = {"2. From Symbol": "EUR", "3. To Symbol": "USD"}
BITCOIN = {
    "2. Digital Currency Code": "BTC", "3. Digital Currency Name": "Bitcoin",
    "4. Market Code": "EUR", "5. Market Name": "Euro",
}  # fmt: skip
OLD_DAY = {
    "1a. open (EUR)": "1.10", "1b. open (USD)": "2.10", "2a. high (EUR)": "1.3",
    "2b. high (USD)": "2.3", "3a. low (EUR)": "1.0", "3b. low (USD)": "2.0",
    "4a. close (EUR)": "1.20", "4b. close (USD)": "2.20", "5. volume": "7.5",
    "6. market cap (USD)": "7.5",
}  # fmt: skip


def _answer(
    folder: Path, meta: Mapping[str, str], series: str, time: str, bar: Mapping[str, object]
) -> Path:
    whole = {"1. Information": "Prices", **meta}
    return write(folder, "a.json", json.dumps({"Meta Data": whole, series: {time: bar}}))


@pytest.mark.parametrize(
    ("meta", "series", "time", "bar", "expected"),
    [
        (
            {**EUR_USD, "6. Time Zone": "UTC"},
            *("Time Series FX (Daily)", "2026-11-27", PRICES),
            ("FX:EUR/USD", "1d", "2026-11-27", "America/New_York", "1.10", "1.20", None),
        ),
        (
            {**EUR_USD, "5. Interval": "5min", "7. Time Zone": "UTC"},
            *("Time Series FX (5min)", "2026-11-27 14:30:00", PRICES),
            ("FX:EUR/USD", "5min", "2026-11-27 14:30:00", "UTC", "1.10", "1.20", None),
        ),
        (
            {**BITCOIN, "7. Interval": "5min", "9. Time Zone": "UTC"},
            *("Time Series Crypto (5min)", "2026-11-27 14:30:00", {**PRICES, "5. volume": 205}),
            ("CRYPTO:BTC/EUR", "5min", "2026-11-27 14:30:00", "UTC", "1.10", "1.20", "205"),
        ),
        (
            {**BITCOIN, "7. Time Zone": "UTC"},
            "Time Series (Digital Currency Daily)",
            *("2026-11-27", {**PRICES, "5. volume": "1.26747903"}),
            ("CRYPTO:BTC/EUR", "1d", "2026-11-27", "UTC", "1.10", "1.20", "1.26747903"),
        ),
        (
            {**BITCOIN, "7. Time Zone": "UTC"},
            *("Time Series (Digital Currency Daily)", "2022-11-27", OLD_DAY),
            ("CRYPTO:BTC/EUR", "1d", "2022-11-27", "UTC", "1.10", "1.20", "7.5"),
        ),
        (
            {"2. Symbol": "ibm", "5. Time Zone": "US/Eastern"},
            *("Time Series (Daily)", "2026-11-27", {**PRICES, "5. volume": "1200"}),
            ("IBM", "1d", "2026-11-27", "America/New_York", "1.10", "1.20", "1200"),
        ),
    ],
)
def test_an_answer_says_whose_bars_it_has(
    tmp_path: Path,
    meta: Mapping[str, str],
    series: str,
    time: str,
    bar: Mapping[str, object],
    expected: tuple[str | None, ...],
) -> None:
    assert [told(row) for row in decoded(_answer(tmp_path, meta, series, time, bar))] == [expected]


def test_the_symbol_of_an_answer_without_one_is_asked_for(tmp_path: Path) -> None:
    path = _answer(
        tmp_path, {"6. Time Zone": "UTC"}, "Time Series FX (Daily)", "2026-11-27", PRICES
    )

    with pytest.raises(UnansweredError) as error:
        recognise(path, Answers())
    [row] = decoded(path, Answers(symbol="FX:EUR/USD"))

    assert str(error.value) == "a.json (alpha-vantage) does not tell all: add --symbol SYMBOL"
    assert told(row) == ("FX:EUR/USD", "1d", "2026-11-27", "America/New_York", "1.10", "1.20", None)


def test_an_answer_of_weeks_is_refused(tmp_path: Path) -> None:
    path = _answer(tmp_path, EUR_USD, "Time Series FX (Weekly)", "2026-11-27", PRICES)

    with pytest.raises(FileError) as error:
        recognise(path, Answers())

    assert str(error.value) == (
        "a.json holds 'Time Series FX (Weekly)': bars of that length are not stored"
    )
