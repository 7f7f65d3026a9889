"""What a stack may tell the containers is what Compose passes on, judged as the services judge."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from infra.config import container_settings
from infra.config.container_settings import CHECKS, DATA_OF_BOTH, KEEP_BOTH_WORDS
from scripts.launcher.paths import ROOT
from services.common.bar import INTERVALS, SYMBOL_PATTERN
from services.common.settings import Environment, SettingError
from services.producer.alpha_vantage.plan import REALTIME_PLAN_CALLS
from services.producer.settings import read_settings

OTHERS_DECIDE = re.compile(r"TAPELINE_\w+|\w+_PUBLISHED|BUILD_CA_FILE|DASHBOARD_DOMAIN|POWERBI_\w+")
"""Folders, versions and ports, and who may come in: those are the stack's own keys."""


def passed_on() -> set[str]:
    """Return the variables that docker-compose.yml takes from its surroundings."""
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    names = set(re.findall(r"\$\{([A-Z_]+):-", text))
    found: dict[str, Any] = yaml.safe_load(text)
    for service in found["services"].values():
        names |= {name for name, value in service.get("environment", {}).items() if value is None}
    names |= {name for name, value in found["x-build"]["args"].items() if value is None}
    return {name for name in names if not OTHERS_DECIDE.fullmatch(name)}


def test_all_that_compose_passes_on_can_be_given_and_nothing_else() -> None:
    assert sorted(CHECKS) == sorted(passed_on() - {"POSTGRES_TLS_NAMES"} | {"COMPOSE_PROFILES"})


def test_the_words_are_those_of_the_producers_start() -> None:
    start = (ROOT / "services" / "producer" / "entrypoint.sh").read_text("utf-8")
    assert f'"${{{DATA_OF_BOTH}:-}}" != "{KEEP_BOTH_WORDS}"' in start


def test_the_same_symbols_intervals_and_plans() -> None:
    assert container_settings.INTERVALS == INTERVALS
    assert container_settings._SYMBOL == SYMBOL_PATTERN
    assert container_settings.REALTIME_CALLS == REALTIME_PLAN_CALLS


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
        {"DELIVERY_SECONDS": "1"},
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
