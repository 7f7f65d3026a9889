"""Reads the receivers of a file of alerts; what is secret of them stands in files beside it."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from services.alerts.rules.model import AppriseReceiver, Receiver, WebhookReceiver
from services.alerts.rules.yaml_nodes import Node
from services.alerts.sending.addresses import refusal
from services.common.secret import Secret

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_WEBHOOK: Final = (
    "webhook",
    "webhook_file",
    "signing_key_file",
    "unsigned",
    "allow_private",
    "allow_http",
)
_APPRISE: Final = ("apprise_file", "allow_private")
_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = (24, 64)


def read(node: Node | None, folder: Path) -> dict[str, Receiver]:
    """Return the receivers by their names. Raises RuleError."""
    if node is None:
        return {}
    found: dict[str, Receiver] = {}
    for name, (key, value) in node.entries("receivers").items():
        if not _NAME.fullmatch(name):
            key.fail(f"a receiver's name has letters, digits, `_`, `.` and `-`, not {name[:40]!r}")
        found[name] = _receiver(name, value, folder)
    return found


def _receiver(name: str, node: Node, folder: Path) -> Receiver:
    what = f"receiver {name}"
    kinds = [
        one for one in ("webhook", "webhook_file", "apprise_file") if one in node.entries(what)
    ]
    if len(kinds) != 1:
        node.fail(f"{what} must have one of webhook, webhook_file, apprise_file")
    known = _APPRISE if kinds == ["apprise_file"] else _WEBHOOK
    parts = node.mapping(what, known, ())
    private = _flag(parts, "allow_private")
    if kinds == ["apprise_file"]:
        url = _secret(parts["apprise_file"], "apprise_file", folder)
        if "://" not in url.reveal() or len(url.reveal().split()) != 1:
            parts["apprise_file"].fail(
                "the file must hold one Apprise URL, such as tgram://TOKEN/CHAT"
            )
        return AppriseReceiver(name, url, private)
    where = parts[kinds[0]]
    address = (
        _secret(where, "webhook_file", folder)
        if kinds == ["webhook_file"]
        else Secret(where.text("webhook"))
    )
    http = _flag(parts, "allow_http")
    _check_url(where, address, private=private, http=http)
    return WebhookReceiver(name, address, _signing_key(node, parts, what, folder), private, http)


def _flag(parts: Mapping[str, Node], name: str) -> bool:
    return name in parts and parts[name].flag(name)


def _check_url(node: Node, address: Secret, *, private: bool, http: bool) -> None:
    try:
        url = urlsplit(address.reveal())
        host, _ = url.hostname, url.port
    except ValueError:
        node.fail("the address is no URL such as https://HOST/path")
    if url.scheme not in ("http", "https") or not host:
        node.fail("the address must look like https://HOST/path")
    if any(character <= " " or character > "~" for character in address.reveal()):
        node.fail("the address has a character that no URL has: write it as %XX")
    if url.scheme == "http" and not http:
        node.fail(
            "the address is http, where anybody on the way reads along; use https, or say "
            "`allow_http: true`"
        )
    if url.username is not None:
        node.fail("the address has a user name in it; put a token in its path by webhook_file")
    if not private and (why := _literal_refusal(url)):
        node.fail(f"{why}; if it is yours, say `allow_private: true`")


def _literal_refusal(url: SplitResult) -> str | None:
    host = url.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return "the address is this machine's own"
    try:
        return refusal(ipaddress.ip_address(host))
    except ValueError:
        return None


def _signing_key(node: Node, parts: Mapping[str, Node], what: str, folder: Path) -> Secret | None:
    if _flag(parts, "unsigned"):
        if "signing_key_file" in parts:
            parts["unsigned"].fail("unsigned and signing_key_file exclude each other")
        return None
    if "signing_key_file" not in parts:
        node.fail(f"{what} needs signing_key_file, or `unsigned: true`")
    place = parts["signing_key_file"]
    key = _secret(place, "signing_key_file", folder)
    try:
        size = len(base64.b64decode(key.reveal().removeprefix(_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not key.reveal().startswith(_PREFIX) or not _KEY_BYTES[0] <= size <= _KEY_BYTES[1]:
        place.fail(
            f"the file must hold {_PREFIX} and 24 to 64 bytes in base64, as from: "
            'echo "whsec_$(openssl rand -base64 32)"'
        )
    return key


def _secret(node: Node, what: str, folder: Path) -> Secret:
    file = folder / node.text(what)
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        node.fail(f"{what}: {file} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        node.fail(f"{what}: {file} is not UTF-8")
    if not text:
        node.fail(f"{what}: {file} is empty")
    return Secret(text)
