"""How each receiver is written in Alertmanager's configuration. Pure.

What is secret is named by its file, which Alertmanager reads when it sends: it stands in no
configuration, and what Alertmanager shows of itself does not hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.alertmanager.settings import Settings
from services.common.settings import SettingError

Fields = Mapping[str, Any]
TITLE: Final = (
    '{{ if eq .Status "firing" }}{{ .Alerts.Firing | len }} firing{{ else }}over{{ end }}: '
    "{{ .GroupLabels.alertname }}"
)
TEXT: Final = (
    "{{ range .Alerts }}{{ .Annotations.summary }} ({{ .Labels.severity }}, {{ .Status }})\n"
    "{{ .Annotations.runbook }}\n{{ end }}"
)


def receiver(name: str, called: str, settings: Settings, *, tells_end: bool) -> Fields:
    """Return a receiver under the name that routes call it by; `tells_end`: also when it is over.

    Raises SettingError where something is missing.
    """
    kind, fields = _KINDS[name](settings)
    return {"name": called, kind: [{"send_resolved": tells_end, **fields}]}


def watchdog(settings: Settings) -> Fields:
    """Return the fields of the webhook that hears, all the time, that alerts work."""
    return {"send_resolved": False, "url_file": _file(settings, "watchdog_url", "the watchdog")}


def _file(settings: Settings, name: str, whose: str) -> str:
    if name not in settings.given:
        raise SettingError(
            f"secrets/alerts/{name} is missing or empty, which {whose} needs; put it there, "
            f"or on a host: fab alert secret --name {name} --file FILE"
        )
    return str(settings.secrets_dir / name)


def _needed(value: str | int, setting: str, whose: str) -> Any:
    if not value:
        raise SettingError(f"{setting} is not set, which ALERT_RECEIVERS needs for {whose}")
    return value


def _token(settings: Settings, name: str) -> Fields:
    """Return what sends a token along, where there is one."""
    if name not in settings.given:
        return {}
    credentials = str(settings.secrets_dir / name)
    return {"http_config": {"authorization": {"credentials_file": credentials}}}


def _webhook(settings: Settings) -> tuple[str, Fields]:
    url = _file(settings, "webhook_url", "webhook")
    return "webhook_configs", {"url_file": url, **_token(settings, "webhook_token")}


def _ntfy(settings: Settings) -> tuple[str, Fields]:
    # The server words it: the address ends with ?template=alertmanager.
    url = _file(settings, "ntfy_url", "ntfy")
    return "webhook_configs", {"url_file": url, **_token(settings, "ntfy_token")}


def _email(settings: Settings) -> tuple[str, Fields]:
    fields = {
        "to": _needed(settings.email_to, "ALERT_EMAIL_TO", "email"),
        "from": _needed(settings.email_from, "ALERT_EMAIL_FROM", "email"),
        "smarthost": _needed(settings.smtp_server, "ALERT_SMTP_SERVER", "email"),
        "headers": {"Subject": f"Tapeline: {TITLE}"},
        "text": TEXT,
        "html": "",
    }
    if settings.smtp_user:
        fields["auth_username"] = settings.smtp_user
        fields["auth_password_file"] = _file(settings, "smtp_password", "ALERT_SMTP_USER")
    return "email_configs", fields


def _slack(settings: Settings) -> tuple[str, Fields]:
    url = _file(settings, "slack_url", "slack")
    return "slack_configs", {"api_url_file": url, "title": TITLE, "text": TEXT}


def _telegram(settings: Settings) -> tuple[str, Fields]:
    return "telegram_configs", {
        "bot_token_file": _file(settings, "telegram_token", "telegram"),
        "chat_id": _needed(settings.telegram_chat, "ALERT_TELEGRAM_CHAT", "telegram"),
        "message": f"{TITLE}\n{TEXT}",
        "parse_mode": "",
    }


def _discord(settings: Settings) -> tuple[str, Fields]:
    url = _file(settings, "discord_url", "discord")
    return "discord_configs", {"webhook_url_file": url, "title": TITLE, "message": TEXT}


def _teams(settings: Settings) -> tuple[str, Fields]:
    url = _file(settings, "teams_url", "teams")
    return "msteamsv2_configs", {"webhook_url_file": url, "title": TITLE, "text": TEXT}


def _pagerduty(settings: Settings) -> tuple[str, Fields]:
    key = _file(settings, "pagerduty_key", "pagerduty")
    return "pagerduty_configs", {"routing_key_file": key, "description": f"{TITLE}\n{TEXT}"}


_KINDS: Final[Mapping[str, Callable[[Settings], tuple[str, Fields]]]] = {
    "webhook": _webhook,
    "email": _email,
    "slack": _slack,
    "telegram": _telegram,
    "ntfy": _ntfy,
    "discord": _discord,
    "teams": _teams,
    "pagerduty": _pagerduty,
}
