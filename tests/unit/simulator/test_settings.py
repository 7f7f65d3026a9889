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
        bars=None,
        faults={},
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
        "SIMULATOR_BARS": "bars.csv",
        "SIMULATOR_FAULTS": "hang:0.01,429:0.05",
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
        bars=Path("bars.csv"),
        faults={"hang": 0.01, "429": 0.05},
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
            "SIMULATOR_FAULTS",
            "hang",
            "SIMULATOR_FAULTS is wrong: 'hang' is not of the form NAME:PROBABILITY; write for "
            "example hang:0.01,429:0.05",
            id="faults",
        ),
    ],
)
def test_wrong_values(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings(Environment({name: value}))

    assert str(caught.value) == message
