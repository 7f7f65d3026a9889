"""What a stack may tell the containers is judged as the producer judges it."""

from __future__ import annotations

import pytest

from infra.config import container_settings
from services.common.settings import Environment, SettingError
from services.producer.settings import read_settings


@pytest.mark.parametrize(
    "given",
    [
        {},
        {
            "ALPHA_VANTAGE_PLAN": "75",
            "INTERVALS": "1min,1d",
            "SYMBOLS": "AAPL,^GSPC,TSCO.LON,m&m.bse",
        },
        {"ALPHA_VANTAGE_PLAN": "unlimited", "ALPHA_VANTAGE_ENTITLEMENT": "realtime"},
        {"ALPHA_VANTAGE_PLAN": "150", "ALPHA_VANTAGE_ENTITLEMENT": "realtime"},
        {"ALPHA_VANTAGE_PLAN": "149", "ALPHA_VANTAGE_ENTITLEMENT": "realtime"},
        {"ALPHA_VANTAGE_PLAN": "free", "ALPHA_VANTAGE_ENTITLEMENT": "delayed"},
        {"ALPHA_VANTAGE_PLAN": "0"},
        {"ALPHA_VANTAGE_PLAN": "10000001"},
        {"ALPHA_VANTAGE_PLAN": "-75"},
        {"INTERVALS": "1d"},
        {"INTERVALS": "5min"},
        {"INTERVALS": "5min,", "ALPHA_VANTAGE_PLAN": "75"},
        {"INTERVALS": "4min", "ALPHA_VANTAGE_PLAN": "75"},
        {"SYMBOLS": ","},
        {"SYMBOLS": "A" * 17},
        {"SYMBOLS": "aapl"},
        {"POLL_SECONDS": "0.5"},
        {"POLL_SECONDS": "86401"},
        {"FETCH_PARALLEL": "65"},
        {"SYMBOLS": "ſPY"},  # noqa: RUF001 - its capital is a letter of ours
        {"HISTORY_MONTHS": "400"},
        {"ALPHA_VANTAGE_URL": "https://ann@www.example.org/query"},
        {"ALPHA_VANTAGE_URL": "https://www.example.org/query?apikey=1"},
        {"ALPHA_VANTAGE_URL": "http://www.example.org/query"},
        {"ALPHA_VANTAGE_URL": "http://127.0.0.1:8000/query"},
        {"ALPHA_VANTAGE_RAPIDAPI": "yes"},
        {"LOG_LEVEL": "debug"},
    ],
    ids=str,
)
def test_the_producer_takes_and_refuses_the_same(given: dict[str, str]) -> None:
    try:
        read_settings(Environment({**given, "ALPHA_VANTAGE_KEY": "KEY"}))
        taken = True
    except SettingError:
        taken = False
    try:
        container_settings.checked(given, has_key=True)
        promised = True
    except ValueError:
        promised = False
    assert promised is taken
