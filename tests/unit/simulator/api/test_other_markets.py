"""Foreign exchange, digital currencies and indices: what is answered, in the API's own shapes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.api.other_market_calls import (
    CATALOG,
    CRYPTO,
    CRYPTO_DAILY,
    FX,
    FX_DAILY,
    INDEX,
    RATE,
    api_at,
    bars_of,
)
from tests.unit.simulator.fakes import ask, body


@pytest.mark.parametrize(
    ("parameters", "meta", "series"),
    [
        pytest.param(
            FX,
            {
                "1. Information": "FX Intraday (60min) Time Series",
                "2. From Symbol": "EUR",
                "3. To Symbol": "USD",
                "4. Last Refreshed": "2026-11-20 15:00:00",
                "5. Interval": "60min",
                "6. Output Size": "Compact",
                "7. Time Zone": "UTC",
            },
            "Time Series FX (60min)",
            id="fx-intraday",
        ),
        pytest.param(
            FX_DAILY,
            {
                "1. Information": "Forex Daily Prices (open, high, low, close)",
                "2. From Symbol": "EUR",
                "3. To Symbol": "USD",
                "4. Output Size": "Compact",
                "5. Last Refreshed": "2026-11-20",
                "6. Time Zone": "UTC",
            },
            "Time Series FX (Daily)",
            id="fx-daily",
        ),
        pytest.param(
            CRYPTO,
            {
                "1. Information": "Crypto Intraday (60min) Time Series",
                "2. Digital Currency Code": "BTC",
                "3. Digital Currency Name": "Bitcoin",
                "4. Market Code": "EUR",
                "5. Market Name": "Euro",
                "6. Last Refreshed": "2026-11-20 15:00:00",
                "7. Interval": "60min",
                "8. Output Size": "Compact",
                "9. Time Zone": "UTC",
            },
            "Time Series Crypto (60min)",
            id="crypto-intraday",
        ),
        pytest.param(
            CRYPTO_DAILY,
            {
                "1. Information": "Daily Prices and Volumes for Digital Currency",
                "2. Digital Currency Code": "BTC",
                "3. Digital Currency Name": "Bitcoin",
                "4. Market Code": "EUR",
                "5. Market Name": "Euro",
                "6. Last Refreshed": "2026-11-20 00:00:00",
                "7. Time Zone": "UTC",
            },
            "Time Series (Digital Currency Daily)",
            id="crypto-daily",
        ),
    ],
)
def test_an_answer_has_the_names_of_its_function(
    sessions: Sessions, parameters: dict[str, str], meta: dict[str, str], series: str
) -> None:
    document = body(ask(api_at(sessions, "2026-11-20T15:30:00"), parameters))
    assert list(document) == ["Meta Data", series]
    assert document["Meta Data"] == meta


@pytest.mark.parametrize(
    ("parameters", "decimals", "volume"),
    [
        pytest.param(FX, 5, None, id="fx-intraday"),
        pytest.param(FX_DAILY, 5, None, id="fx-daily"),
        pytest.param(CRYPTO, 5, int, id="crypto-intraday"),
        pytest.param(CRYPTO_DAILY, 8, str, id="crypto-daily"),
    ],
)
def test_prices_are_texts_and_a_volume_what_its_market_tells(
    sessions: Sessions, parameters: dict[str, str], decimals: int, volume: type | None
) -> None:
    bars = bars_of(body(ask(api_at(sessions, "2026-11-20T15:30:00"), parameters)))
    names = ["1. open", "2. high", "3. low", "4. close"] + ["5. volume"] * (volume is not None)
    for bar in bars.values():
        assert list(bar) == names
        assert {len(bar[name].partition(".")[2]) for name in names[:4]} == {decimals}
        opened, high, low, close = (float(bar[name]) for name in names[:4])
        assert low <= min(opened, close) <= max(opened, close) <= high
    assert volume is None or {type(bar["5. volume"]) for bar in bars.values()} == {volume}


def test_days_of_a_digital_currency_have_volumes_with_eight_decimals(sessions: Sessions) -> None:
    bars = bars_of(body(ask(api_at(sessions, "2026-11-20T15:30:00"), CRYPTO_DAILY)))
    assert {len(bar["5. volume"].partition(".")[2]) for bar in bars.values()} == {8}
    assert len(bars) > 1_500  # all of the history, whatever size is asked for


@pytest.mark.parametrize(
    ("monday", "first", "last"),
    [
        pytest.param("2026-10-26", "2026-10-25 21:00:00", "2026-10-23 20:00:00", id="summer"),
        pytest.param("2026-11-02", "2026-11-01 22:00:00", "2026-10-30 20:00:00", id="put-back"),
        pytest.param("2026-11-09", "2026-11-08 22:00:00", "2026-11-06 21:00:00", id="winter"),
    ],
)
def test_foreign_exchange_rests_from_friday_to_sunday_evening_in_new_york(
    sessions: Sessions, monday: str, first: str, last: str
) -> None:
    bars = bars_of(body(ask(api_at(sessions, f"{monday}T12:30:00"), FX)))
    newest_first = list(bars)
    place = newest_first.index(first)
    assert newest_first[place + 1] == last


def test_a_digital_currency_never_rests(sessions: Sessions) -> None:
    bars = bars_of(body(ask(api_at(sessions, "2026-11-02T12:30:00"), CRYPTO)))
    hours = {time[11:13] for time in bars}
    assert (len(bars), len(hours)) == (100, 24)
    days = list(bars_of(body(ask(api_at(sessions, "2026-11-02T12:30:00"), CRYPTO_DAILY))))
    assert [date.fromisoformat(day) for day in days[:9]] == [
        date(2026, 11, 2) - timedelta(days=count) for count in range(9)
    ]


def test_foreign_exchange_is_flat_and_thin_at_christmas(sessions: Sessions) -> None:
    minutes = {**FX, "interval": "1min", "outputsize": "full"}
    bars = bars_of(body(ask(api_at(sessions, "2025-12-26T12:30:00"), minutes)))
    christmas = [bar for time, bar in bars.items() if "2025-12-24 22" <= time < "2025-12-25 22"]
    assert 200 < len(christmas) < 700
    assert len({text for bar in christmas for text in bar.values()}) == 1


def test_a_day_is_the_sum_of_its_hours(sessions: Sessions) -> None:
    api = api_at(sessions, "2026-11-03T12:30:00")
    hours, days = bars_of(body(ask(api, FX))), bars_of(body(ask(api, FX_DAILY)))
    monday = [hours[time] for time in sorted(hours) if "2026-11-01 22" <= time < "2026-11-02 22"]
    assert len(monday) == 24
    assert days["2026-11-02"] == {
        "1. open": monday[0]["1. open"],
        "2. high": max(bar["2. high"] for bar in monday),
        "3. low": min(bar["3. low"] for bar in monday),
        "4. close": monday[-1]["4. close"],
    }


def test_an_index_has_days_alone(sessions: Sessions) -> None:
    document = body(ask(api_at(sessions, "2026-11-20T23:30:00"), INDEX))
    rows = document.pop("data")
    assert document == {"symbol": "SPX", "name": "S&P 500", "interval": "daily"}
    assert list(rows[0]) == ["date", "open", "high", "low", "close"]
    assert [row["date"] for row in rows[:2]] == ["2026-11-20", "2026-11-19"]


def test_the_catalog_names_the_indices(sessions: Sessions) -> None:
    assert body(ask(api_at(sessions, "2026-11-20T23:30:00", "free"), CATALOG))["SPX"] == "S&P 500"


def test_a_rate_is_the_newest_price(sessions: Sessions) -> None:
    fields = body(ask(api_at(sessions, "2026-11-20T15:30:00", "free"), RATE))
    [(name, rate)] = fields.items()
    assert name == "Realtime Currency Exchange Rate"
    bid, price, ask_price = (
        rate[each] for each in ("8. Bid Price", "5. Exchange Rate", "9. Ask Price")
    )
    assert float(bid) < float(price) < float(ask_price)
    assert {len(each.partition(".")[2]) for each in (bid, price, ask_price)} == {8}
    assert rate["6. Last Refreshed"] == "2026-11-20 15:30:00"
