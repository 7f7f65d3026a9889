"""Secret files beside a file of alerts."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
HOOK = "https://example.org/hook"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files of secrets, some of them wrong."""
    files = {
        "key": KEY,
        "phone": "tgram://123:token/456",
        "hook": HOOK,
        "empty": " \n",
        "short": "whsec_" + base64.b64encode(b"short").decode(),
        "plain": "a password",
        "two": "json://a json://b",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text + "\n", "utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    return tmp_path
