"""Signs messages as the Standard Webhooks specification says. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from services.common.secret import Secret

PREFIX: Final = "whsec_"


def headers(message_id: str, unix_seconds: int, body: bytes, key: Secret | None) -> dict[str, str]:
    """Return the headers of a message; the key is `whsec_` and its bytes in base64."""
    found = {"webhook-id": message_id, "webhook-timestamp": str(unix_seconds)}
    if key is not None:
        secret = base64.b64decode(key.reveal().removeprefix(PREFIX))
        signed = f"{message_id}.{unix_seconds}.".encode() + body
        digest = hmac.new(secret, signed, hashlib.sha256).digest()
        found["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
    return found
