"""Alerts of a target: what amtool prints, in lines for a person; what is typed, checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.operations.errors import OperationError
from scripts.operations.status import alerts
from tests.unit.operations.fakes import Answer, listed, operation

WATCHED = listed(alertmanager="healthy", producer="healthy")
ID = "6f0b2c0e-0f5b-4c57-9d5f-0a1b2c3d4e5f"


def printed(*names: str) -> str:
    return json.dumps(
        [
            {
                "labels": {"alertname": name, "severity": "warning" if "L" in name else "critical"},
                "annotations": {"summary": f"About {name}.", "runbook": f"docs/alerts.md#{name}"},
            }
            for name in names
        ]
    )


def answers(said: Answer, words: str = "alert query") -> dict[str, Answer]:
    return {"ps --all --format": WATCHED, words: said}


def test_the_status_tells_what_fires_in_one_line() -> None:
    one, _, _ = operation(answers(printed("Watchdog", "StreamLags", "ClockOff", "ClockOff")))
    assert alerts.state(one) == "3 FIRING: ClockOff, StreamLags"
    one, _, _ = operation(answers(printed("Watchdog", "TestMessage")))
    assert alerts.state(one) == "none fires"


def test_without_the_profile_nobody_watches() -> None:
    one, _, _ = operation({"ps --all --format": listed(producer="healthy")})
    assert alerts.state(one) == "nobody watches: add observe to COMPOSE_PROFILES"
    with pytest.raises(OperationError, match="nobody watches"):
        alerts.test(one)


def test_the_list_says_what_each_means() -> None:
    one, _, _ = operation(answers(printed("StreamLags", "ClockOff", "Watchdog")))
    assert alerts.listed(one) == [
        "critical  ClockOff: About ClockOff. (docs/alerts.md#ClockOff)",
        "warning   StreamLags: About StreamLags. (docs/alerts.md#StreamLags)",
    ]
    one, _, _ = operation(answers("[]"))
    assert alerts.listed(one) == ["none fires"]


def test_a_silence_is_recorded_with_who_made_it() -> None:
    one, shell, _ = operation(answers(f"{ID}\n", "silence add"))
    assert alerts.silence(one, "StreamLags", "2h", "known") == ID
    [made] = [command for command in shell.ran if "silence add" in command]
    assert "alertname=StreamLags --duration=2h --author=ann@desk --comment=known" in made
    assert any("silence StreamLags 2h" in command for command in shell.ran if "audit" in command)


def test_silences_are_listed_and_ended() -> None:
    found = {
        "id": ID,
        "matchers": [{"name": "alertname", "value": "StreamLags", "isRegex": False}],
        "endsAt": "2026-11-24T22:30:00.000Z",
        "createdBy": "ann@desk",
        "comment": "known",
    }
    one, shell, _ = operation(answers(json.dumps([found]), "silence query"))
    line = f"{ID}  alertname=StreamLags  until 2026-11-24T22:30Z  ann@desk: known"
    assert alerts.silences(one) == [line]
    alerts.end_silence(one, ID)
    assert any(f"silence expire {ID}" in command for command in shell.ran)


@pytest.mark.parametrize(
    ("alert", "span"), [("Stream Lags", "2h"), ("x; rm", "2h"), ("StreamLags", "2 hours")]
)
def test_what_is_no_name_or_span_reaches_no_shell(alert: str, span: str) -> None:
    one, shell, _ = operation({})
    with pytest.raises(OperationError):
        alerts.silence(one, alert, span, "")
    assert shell.ran == []


def test_a_secret_goes_to_its_file_and_into_no_command(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("https://hooks.example.org/s3cret\n", "utf-8")
    one, shell, _ = operation({"ps --all --format": WATCHED})
    alerts.bring_secret(one, "slack_url", str(file))
    assert shell.sent == {
        "/opt/tapeline/keys/alerts/slack_url.new": b"https://hooks.example.org/s3cret"
    }
    assert not any("s3cret" in command for command in shell.ran)
    assert any("restart alertmanager" in command for command in shell.ran)
    for name, given in (("password", str(file)), ("slack_url", str(tmp_path / "none"))):
        with pytest.raises(OperationError):
            alerts.bring_secret(one, name, given)
