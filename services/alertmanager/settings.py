"""Who is told, from environment variables; what is secret stays in files, of which only the names
are known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.common.settings import Environment, Folder, SettingError, Shape, Text, Words

RECEIVERS: Final = (
    "webhook",
    "email",
    "slack",
    "telegram",
    "ntfy",
    "discord",
    "teams",
    "pagerduty",
)
ALERT_RECEIVERS: Final = Words(
    "ALERT_RECEIVERS",
    "Who is told of alerts, with commas in between: webhook, email, slack, telegram, ntfy, "
    "discord, teams, pagerduty. What is secret of each is a file in secrets/alerts.",
    "",
    Shape("|".join(RECEIVERS), f"one or more of {', '.join(RECEIVERS)}", each=True),
)
ALERT_EMAIL_TO: Final = Text("ALERT_EMAIL_TO", "The address that alerts are mailed to.", "")
ALERT_EMAIL_FROM: Final = Text("ALERT_EMAIL_FROM", "The address that they come from.", "")
ALERT_SMTP_SERVER: Final = Text(
    "ALERT_SMTP_SERVER",
    "The mail server with its port, such as smtp.example.org:587; it must offer TLS.",
    "",
    Shape(r"[A-Za-z0-9.-]+:\d{1,5}", "a host and a port, such as smtp.example.org:587"),
)
ALERT_SMTP_USER: Final = Text(
    "ALERT_SMTP_USER", "The account there; its password is the file smtp_password.", ""
)
ALERT_TELEGRAM_CHAT: Final = Text(
    "ALERT_TELEGRAM_CHAT",
    "The number of the chat, such as -1001234567890.",
    "",
    Shape(r"-?\d{1,18}", "a whole number"),
)
ALERT_SECRETS_DIR: Final = Folder(
    "ALERT_SECRETS_DIR", "The folder with the secret files.", "./secrets/alerts", internal=True
)


@dataclass(frozen=True)
class Settings:
    """Receivers and what is not secret of them. `given` are the secret files that are there."""

    receivers: tuple[str, ...]
    email_to: str
    email_from: str
    smtp_server: str
    smtp_user: str
    telegram_chat: int
    secrets_dir: Path
    given: frozenset[str]


def read_settings(env: Environment) -> Settings:
    """Return the settings. Raises SettingError."""
    receivers = ALERT_RECEIVERS.read(env)
    for name in receivers:
        if name not in RECEIVERS:
            raise SettingError(f"ALERT_RECEIVERS names {name!r}; there are {', '.join(RECEIVERS)}")
    folder = ALERT_SECRETS_DIR.read(env)
    return Settings(
        receivers=receivers,
        email_to=ALERT_EMAIL_TO.read(env),
        email_from=ALERT_EMAIL_FROM.read(env),
        smtp_server=ALERT_SMTP_SERVER.read(env),
        smtp_user=ALERT_SMTP_USER.read(env),
        telegram_chat=_chat(env),
        secrets_dir=folder,
        given=_given(folder),
    )


def _chat(env: Environment) -> int:
    text = ALERT_TELEGRAM_CHAT.read(env)
    if not text:
        return 0
    try:
        return int(text)
    except ValueError:
        raise SettingError(
            f"ALERT_TELEGRAM_CHAT is {text!r}; it must be the number of a chat, such as "
            "-1001234567890"
        ) from None


def _given(folder: Path) -> frozenset[str]:
    """Return the names of the files that hold something. Raises SettingError."""
    try:
        files = [file for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []
        return frozenset(file.name for file in files if file.read_bytes().strip())
    except OSError as error:
        raise SettingError(
            f"{error.filename} cannot be read by this user ({error.strerror}); in containers: "
            "sudo chown -R 10001 secrets/alerts"
        ) from None
