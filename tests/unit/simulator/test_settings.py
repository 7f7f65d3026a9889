"""Settings from environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.common.market.market_clock import MarketClock
from services.common.settings import Environment, SettingError
from services.simulator.api.rate_limits import Plan
from services.simulator.settings import Settings, read_settings


def test_defaults() -> None:
    assert read_settings(Environment({})) == Settings(
        host="127.0.0.1",
        port=0,
        url_file=None,
        seed=1,
        market_clock=MarketClock(),
        plan=Plan("free", 1, None, 25),
        default_entitlement="realtime",
        bars=None,
        symbols=None,
        overnight=False,
        faults={},
        hang_seconds=60.0,
        log_level="INFO",
        log_style="text",
    )


def test_all_set() -> None:
    variables = {
        "SIMULATOR_HOST": "0.0.0.0",  # noqa: S104 - only a text here
        "SIMULATOR_PORT": "8000",
        "SIMULATOR_URL_FILE": "url",
        "SIMULATOR_SEED": "7",
        "ALPHA_VANTAGE_PLAN": "75",
        "SIMULATOR_DEFAULT_ENTITLEMENT": "delayed",
        "SIMULATOR_BARS": "bars.csv",
        "SIMULATOR_SYMBOLS": "AAPL, TSLA",
        "SIMULATOR_LOAD_SYMBOLS": "2",
        "SIMULATOR_OVERNIGHT": "true",
        "SIMULATOR_FAULTS": "hang:0.01,429:0.05",
        "SIMULATOR_HANG_SECONDS": "5",
        "LOG_LEVEL": "DEBUG",
        "LOG_STYLE": "json",
    }

    assert read_settings(Environment(variables)) == Settings(
        host="0.0.0.0",  # noqa: S104 - only a text here
        port=8000,
        url_file=Path("url"),
        seed=7,
        market_clock=MarketClock(),
        plan=Plan("75", 5, 75),
        default_entitlement="delayed",
        bars=Path("bars.csv"),
        symbols=frozenset({"AAPL", "TSLA", "LOAD0001", "LOAD0002"}),
        overnight=True,
        faults={"hang": 0.01, "429": 0.05},
        hang_seconds=5.0,
        log_level="DEBUG",
        log_style="json",
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param(
            "ALPHA_VANTAGE_PLAN",
            "gold",
            "ALPHA_VANTAGE_PLAN is 'gold'; it must be free, unlimited or the calls a minute of a "
            "premium plan, such as 75",
            id="plan",
        ),
        pytest.param(
            "SIMULATOR_SYMBOLS",
            "AAPL,no symbol",
            "SIMULATOR_SYMBOLS: 'no symbol' is no symbol such as AAPL, TSCO.LON or M&M.BSE",
            id="symbols",
        ),
        pytest.param(
            "SIMULATOR_FAULTS",
            "hang",
            "SIMULATOR_FAULTS is wrong: 'hang' is not of the form NAME:PROBABILITY; write for "
            "example hang:0.01,429:0.05",
            id="faults",
        ),
        pytest.param(
            "SIMULATOR_DEFAULT_ENTITLEMENT",
            "live",
            "SIMULATOR_DEFAULT_ENTITLEMENT is 'live'; it must be one of realtime, delayed, "
            "historical",
            id="entitlement",
        ),
    ],
)
def test_wrong_values(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings(Environment({name: value}))

    assert str(caught.value) == message
