"""Public SSH keys: one line as ssh-keygen writes it in, `type base64` out; known_hosts lines."""

from __future__ import annotations

import base64
import binascii
from typing import Final

KEY_TYPES: Final = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
DEFAULT_PORT: Final = 22


def public_key(text: str) -> str:
    """Return `type base64` without the comment. Raises ValueError, which shows no key."""
    if "PRIVATE KEY" in text:
        raise ValueError("holds a private key; give the public one, which ends in .pub")
    words = text.split()
    if len(words) < 2 or words[0] not in KEY_TYPES:
        raise ValueError("is not a public SSH key")
    name = words[0].encode()
    try:
        body = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        body = b""
    if not body.startswith(len(name).to_bytes(4, "big") + name):
        raise ValueError("is a public SSH key cut short")
    return f"{words[0]} {words[1]}"


def known_hosts_line(address: str, port: int, key: str) -> str:
    """Return the line of known_hosts that pins `key` to the address."""
    host = address if port == DEFAULT_PORT else f"[{address}]:{port}"
    return f"{host} {' '.join(key.split()[:2])}"
