from __future__ import annotations

from pathlib import Path

import pytest

from services.alertmanager.configuration import configuration
from services.alertmanager.settings import RECEIVERS, read_settings
from services.common.settings import Environment, SettingError

PEOPLE = {
    "ALERT_EMAIL_TO": "ops@example.org",
    "ALERT_EMAIL_FROM": "tapeline@example.org",
    "ALERT_SMTP_SERVER": "smtp.example.org:587",
    "ALERT_TELEGRAM_CHAT": "-1001234567890",
}
FILES = {
    "webhook": "webhook_url",
    "slack": "slack_url",
    "telegram": "telegram_token",
    "ntfy": "ntfy_url",
    "discord": "discord_url",
    "teams": "teams_url",
    "pagerduty": "pagerduty_key",
}


def env(folder: Path, receivers: str, **more: str) -> Environment:
    fixed = {"ALERT_RECEIVERS": receivers, "ALERT_SECRETS_DIR": str(folder)}
    return Environment({**PEOPLE, **fixed, **more})


def refused(folder: Path, receivers: str, **more: str) -> str:
    with pytest.raises(SettingError) as caught:
        configuration(read_settings(env(folder, receivers, **more)))
    return str(caught.value)


def test_without_receivers_nobody_is_told(tmp_path: Path) -> None:
    made = configuration(read_settings(env(tmp_path / "none", "")))
    names = ("nobody", "people", "tested", "outside")
    assert made["receivers"] == [{"name": name} for name in names]


def test_one_receiver_sends_by_all_ways(tmp_path: Path) -> None:
    for name in ("webhook_url", "ntfy_url", "ntfy_token", "watchdog_url"):
        (tmp_path / name).write_text("https://example.org/s3cret", "utf-8")
    made = configuration(read_settings(env(tmp_path, "webhook,ntfy")))
    webhook = {"send_resolved": True, "url_file": f"{tmp_path}/webhook_url"}
    token = {"authorization": {"credentials_file": f"{tmp_path}/ntfy_token"}}
    ntfy = {"send_resolved": True, "url_file": f"{tmp_path}/ntfy_url", "http_config": token}
    watchdog = {"send_resolved": False, "url_file": f"{tmp_path}/watchdog_url"}
    assert made["receivers"] == [
        {"name": "nobody"},
        {"name": "people", "webhook_configs": [webhook, ntfy]},
        {
            "name": "tested",
            "webhook_configs": [one | {"send_resolved": False} for one in (webhook, ntfy)],
        },
        {"name": "outside", "webhook_configs": [watchdog]},
    ]


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_secret_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    assert f"secrets/alerts/{FILES[name]} is missing or empty" in refused(tmp_path, name)
    (tmp_path / FILES[name]).write_text(" \n", "utf-8")
    assert f"secrets/alerts/{FILES[name]} is missing or empty" in refused(tmp_path, name)


@pytest.mark.parametrize(
    ("receivers", "more", "said"),
    [
        pytest.param("pager", {}, "ALERT_RECEIVERS names 'pager'", id="unknown"),
        pytest.param("email", {"ALERT_EMAIL_TO": ""}, "ALERT_EMAIL_TO is not set", id="no address"),
        pytest.param("email", {"ALERT_SMTP_SERVER": ""}, "ALERT_SMTP_SERVER is", id="no server"),
        pytest.param("email", {"ALERT_SMTP_USER": "me"}, "secrets/alerts/smtp_password", id="user"),
        pytest.param("telegram", {"ALERT_TELEGRAM_CHAT": "@me"}, "the number of a chat", id="chat"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, receivers: str, more: dict[str, str], said: str
) -> None:
    message = refused(tmp_path, receivers, **more)
    assert (said in message, "\n" in message) == (True, False), message


def test_every_receiver_can_be_set(tmp_path: Path) -> None:
    for name in FILES.values():
        (tmp_path / name).write_text("s3cret", "utf-8")
    for name in RECEIVERS:
        made = configuration(read_settings(env(tmp_path, name)))
        assert len(made["receivers"][1]) == 2, name
        assert "s3cret" not in repr(made)
