"""A default that `.env.example` documents is the code's: given or not, settings are the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.common.settings import Environment
from services.dashboard import settings as dashboard
from services.producer import settings as producer
from services.simulator import settings as simulator
from services.stream import settings as stream
from services.topics import settings as topics
from sql import migrate

ROOT = Path(__file__).parents[2]
DOCUMENTED = dict(
    re.findall(r"^#([A-Z_]+)=(.+)$", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
)
ROLES = {f"{role.upper()}_PASSWORD": "pw" for role in migrate.LOGIN_ROLES}
# What has no default must be given.
READERS: dict[str, tuple[Callable[[dict[str, str]], Any], dict[str, str]]] = {
    "simulator": (lambda given: simulator.read_settings(Environment(given)), {}),
    "producer": (
        lambda given: producer.read_settings(Environment(given)),
        {"ALPHA_VANTAGE_KEY": "key"},
    ),
    "topics": (lambda given: topics.read_settings(Environment(given)), {}),
    "stream": (stream.read_settings, {"POSTGRES_PASSWORD": "pw"}),
    "dashboard": (lambda given: dashboard.read_settings(Environment(given)), ROLES),
    "migrate": (migrate.read_settings, {"POSTGRES_ADMIN_PASSWORD": "pw", **ROLES}),
}


class Asked(dict[str, str]):
    """Variables that remember which of them were asked for."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def documented(service: str) -> list[str]:
    """Return the settings that a service asks for and that have a documented default."""
    read, required = READERS[service]
    asked = Asked(required)
    read(asked)
    return sorted(asked.names & DOCUMENTED.keys())


@pytest.fixture(autouse=True)
def in_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Defaults that are paths begin at the checkout, where set-up has filled them."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("service", READERS)
def test_a_documented_default_is_the_default(service: str) -> None:
    read, required = READERS[service]
    names = documented(service)
    assert names
    without = read(required)
    assert [name for name in names if read({**required, name: DOCUMENTED[name]}) != without] == []
