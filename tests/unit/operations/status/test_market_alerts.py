"""Rules on the market are brought to a host, and what the service says of them comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.operations.errors import OperationError
from scripts.operations.status import market_alerts
from tests.unit.operations.fakes import listed, operation

RUNNING = listed(alerts="healthy", producer="healthy")
FOLDER = "/opt/tapeline/keys/market-alerts"


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "given").write_text("rules: []\n", "utf-8")
    return str(tmp_path / "given")


def test_the_service_says_what_it_thinks_of_its_file(file: str) -> None:
    one, shell, _ = operation({"ps --all --format": RUNNING, "--check": "alerts.yaml: 0 rules\n"})
    assert market_alerts.bring(one, "", file) == "alerts.yaml: 0 rules"
    assert shell.sent == {f"{FOLDER}/alerts.yaml.new": b"rules: []\n"}
    one, _, _ = operation(
        {"ps --all --format": RUNNING, "--check": (2, "alerts: alerts.yaml:3: to is empty\n")}
    )
    with pytest.raises(OperationError) as caught:
        market_alerts.bring(one, "", file)
    assert str(caught.value) == (
        "alerts: alerts.yaml:3: to is empty; the rules of before stay in force"
    )


def test_a_secret_beside_it_and_a_host_without_the_profile(file: str) -> None:
    one, shell, _ = operation({"ps --all --format": listed(producer="healthy")})
    said = market_alerts.bring(one, "desk_key", file)
    assert said == "desk_key is there; add alerts to COMPOSE_PROFILES"
    assert list(shell.sent) == [f"{FOLDER}/desk_key.new"]
    assert not any("rules: []" in command for command in shell.ran)


@pytest.mark.parametrize("name", ["../x", "a b", "x;rm", ".hidden"])
def test_a_wrong_name_reaches_no_shell(name: str, file: str) -> None:
    one, shell, _ = operation({})
    with pytest.raises(OperationError, match="must have letters"):
        market_alerts.bring(one, name, file)
    assert (shell.ran, shell.sent) == ([], {})


def test_a_file_that_is_not_there_or_empty(tmp_path: Path) -> None:
    one, shell, _ = operation({})
    with pytest.raises(OperationError, match="cannot be read: No such file"):
        market_alerts.bring(one, "", str(tmp_path / "none"))
    (tmp_path / "empty").touch()
    with pytest.raises(OperationError, match="is empty"):
        market_alerts.bring(one, "", str(tmp_path / "empty"))
    assert shell.sent == {}
