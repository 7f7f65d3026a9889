"""Sends messages by Apprise, which knows Telegram, Slack, ntfy, e-mail and a hundred others."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from services.alerts.rules.model import AppriseReceiver
from services.alerts.sending.addresses import guarded
from services.alerts.sending.errors import SendError

if TYPE_CHECKING:
    from apprise import NotifyBase


class AppriseSender:
    """For one thread."""

    def __init__(self, receiver: AppriseReceiver) -> None:
        self._receiver = receiver
        self._service = _service(receiver)

    def send(self, message_id: str, body: str) -> None:
        """Send a message; the service knows no ids, so that it stands in the text. Raises
        SendError."""
        text = str(json.loads(body)["data"]["text"])
        with guarded(allow_private=self._receiver.allow_private):
            # By Apprise's own `notify` it would happen in a thread that nobody holds back.
            accepted = self._service.notify(title="Tapeline", body=f"{text}\n{message_id}")
        if not accepted:
            raise SendError("the service refused the message, or did not answer", is_away=True)

    def close(self) -> None:
        """Nothing is kept open."""


def _service(receiver: AppriseReceiver) -> NotifyBase:
    # It takes 20 MB, which only those pay who use it. Its log tells of addresses and tokens.
    from apprise import Apprise, NotifyBase  # noqa: PLC0415

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    service = Apprise.instantiate(receiver.url.reveal())
    if not isinstance(service, NotifyBase):
        raise SendError(
            f"receiver {receiver.name}: Apprise knows no such URL; see its list of services",
            is_away=True,
        )
    return service
