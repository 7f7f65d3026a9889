"""Time series, compared as whole values."""

from __future__ import annotations

import pytest

from services.simulator.api.calls import Api
from services.simulator.api.messages import Answer
from tests.unit.simulator.fakes import (
    BULK,
    DAILY,
    INTRADAY,
    QUOTE,
    ask,
    body,
    times,
)


def test_intraday(api: Api) -> None:
    answer = ask(api, INTRADAY)

    assert (answer.kind, answer.status, answer.content_type) == ("data", 200, "application/json")
    assert list(body(answer).items()) == [
        (
            "Meta Data",
            {
                "1. Information": "Intraday (1min) open, high, low, close prices and volume",
                "2. Symbol": "IBM",
                "3. Last Refreshed": "2025-11-06 15:59:00",
                "4. Interval": "1min",
                "5. Output Size": "Compact",
                "6. Time Zone": "US/Eastern",
            },
        ),
        (
            "Time Series (1min)",
            {
                "2025-11-06 15:59:00": {
                    "1. open": "312.1000",
                    "2. high": "312.5000",
                    "3. low": "312.0000",
                    "4. close": "312.4200",
                    "5. volume": "5100",
                },
                "2025-11-06 15:57:00": {
                    "1. open": "312.0000",
                    "2. high": "312.1500",
                    "3. low": "311.9500",
                    "4. close": "312.1000",
                    "5. volume": "4200",
                },
            },
        ),
    ]


def test_daily(api: Api) -> None:
    assert body(ask(api, DAILY, outputsize="full")) == {
        "Meta Data": {
            "1. Information": "Daily Prices (open, high, low, close) and Volumes",
            "2. Symbol": "IBM",
            "3. Last Refreshed": "2025-11-06",
            "4. Output Size": "Full size",
            "5. Time Zone": "US/Eastern",
        },
        "Time Series (Daily)": {
            "2025-11-06": {
                "1. open": "306.1500",
                "2. high": "313.0000",
                "3. low": "305.1000",
                "4. close": "312.4200",
                "5. volume": "5610200",
            },
            "2025-11-05": {
                "1. open": "301.4200",
                "2. high": "308.0000",
                "3. low": "301.0000",
                "4. close": "306.7700",
                "5. volume": "4310250",
            },
        },
    }


@pytest.mark.parametrize(
    ("parameters", "file", "text"),
    [
        pytest.param(
            INTRADAY,
            "intraday_1min_IBM.csv",
            "timestamp,open,high,low,close,volume\r\n"
            "2025-11-06 15:59:00,312.1000,312.5000,312.0000,312.4200,5100\r\n"
            "2025-11-06 15:57:00,312.0000,312.1500,311.9500,312.1000,4200\r\n",
            id="intraday",
        ),
        pytest.param(
            DAILY,
            "daily_IBM.csv",
            "timestamp,open,high,low,close,volume\r\n"
            "2025-11-06,306.1500,313.0000,305.1000,312.4200,5610200\r\n"
            "2025-11-05,301.4200,308.0000,301.0000,306.7700,4310250\r\n",
            id="daily",
        ),
        pytest.param(
            QUOTE,
            "quote.csv",
            "symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent\r\n"
            "IBM,306.1500,313.0000,305.1000,312.4200,5610200,2025-11-06,306.7700,5.6500,1.8418%\r\n",
            id="quote",
        ),
        pytest.param(
            BULK,
            "bulk_quotes.csv",
            "symbol,timestamp,open,high,low,close,volume,previous_close,change,change_percent,"
            "extended_hours_quote,extended_hours_change,extended_hours_change_percent\r\n"
            "IBM,2025-11-06 15:59:59.999,306.15,313.0,305.1,312.42,5610200,306.77,5.65,1.84177,"
            ",,\r\n",
            id="bulk",
        ),
    ],
)
def test_csv(api: Api, parameters: dict[str, str], file: str, text: str) -> None:
    assert ask(api, parameters, datatype="csv") == Answer(
        "data",
        text.encode(),
        content_type="application/x-download",
        headers={"Content-Disposition": f"attachment;filename={file}"},
    )


def test_compact_is_the_newest_hundred(simulated: Api) -> None:
    newest = times(ask(simulated, INTRADAY))
    everything = times(ask(simulated, INTRADAY, outputsize="full"))

    assert len(newest) == 100
    assert newest == everything[:100]
    assert (everything[0], everything[-1][:10]) == ("2026-11-20 12:30:00", "2026-10-21")


def test_rapidapi_calls_outputsize_by_another_name(simulated: Api) -> None:
    assert times(ask(simulated, INTRADAY, output_size="full")) == times(
        ask(simulated, INTRADAY, outputsize="full")
    )


def test_a_month(simulated: Api) -> None:
    compact = times(ask(simulated, INTRADAY, interval="60min", month="2026-03"))
    full = times(ask(simulated, INTRADAY, interval="60min", month="2026-03", outputsize="full"))

    assert (full[0], full[-1]) == ("2026-03-31 19:00:00", "2026-03-02 04:00:00")
    assert compact == full[:100]


def test_hours(simulated: Api) -> None:
    full = times(ask(simulated, INTRADAY, extended_hours="false", outputsize="full"))

    assert {min(time[11:] for time in full), max(time[11:] for time in full)} == {
        "09:30:00",
        "15:59:00",
    }


def test_symbols_may_be_written_small(simulated: Api) -> None:
    small, large = (body(ask(simulated, INTRADAY, symbol=text)) for text in ("ibm", "IBM"))

    assert small["Meta Data"]["2. Symbol"] == "ibm"
    assert small["Time Series (1min)"] == large["Time Series (1min)"]
