"""A bundle for those who help: states, logs and settings, with every secret taken out."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.operations import compose_commands
from scripts.operations.credentials import passwords
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.status import status_report
from services.secrets import table

_LOG_LINES = 2000
_HIDDEN = "***"
_NAMED = re.compile(
    r"(?im)((?:password|passphrase|secret|token|api_?key|apikey|alpha_vantage_key)\w*"
    r"[\"']?\s*[=:]\s*)([\"']?)(?!/)[^\s\"',}&]+"
)
_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.S)
_IN_ADDRESS = re.compile(r"(://[^/\s:@]+:)[^@\s/]+@")
SECRET_NAMES = (*table.GENERATED, "pgpass", "spark_pages_login")


def sanitized(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets that are known, and without what looks like one."""
    for secret in sorted({one for one in secrets if len(one) >= 4}, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    text = _BLOCK.sub(_HIDDEN, text)
    text = _IN_ADDRESS.sub(rf"\1{_HIDDEN}@", text)
    return _NAMED.sub(rf"\1\2{_HIDDEN}", text)


def collect(operation: Operation) -> dict[str, str]:
    """Return the files of a bundle by their names, with their secrets still in them."""
    target = operation.target
    wanted = {
        "states.json": compose_commands.states(target),
        "config.yml": target.compose("config"),
        "logs.txt": target.compose("logs", "--no-color", "--timestamps", "--tail", str(_LOG_LINES)),
        "images.txt": target.compose("images"),
        "disk.txt": "df -h",
        "memory.txt": "free -m",
        "versions.txt": "docker version",
        "audit.txt": compose_commands.of_file("tail -n 200", f"{target.state}/audit.log"),
        "sink_status.txt": compose_commands.psql(target, query="table bi.sink_status"),
    }
    found = {"status.txt": "\n".join(status_report.status(operation)[0])}
    for name, command in wanted.items():
        _, found[name] = operation.shell.code(command)
    return found


def known_secrets(operation: Operation) -> list[str]:
    """Return the values to look for; those that are not there are left out."""
    found = list(operation.outputs.secrets.values()) if operation.outputs else []
    for name in SECRET_NAMES:
        code, printed = operation.shell.code(passwords.show_made(operation.target, name))
        if code == 0:
            found.append(printed.strip())
    # What was given in files: the key, the one before it, and a dashboard's password of one's own.
    key = f"{operation.target.keys}/alpha_vantage_key"
    for file in (key, f"{key}.before", passwords.given(operation.target)):
        code, printed = operation.shell.code(f"cat {file} 2>/dev/null")
        if code == 0:
            found.append(printed.strip())
    return [value for value in found if value]


def write(files: Mapping[str, str], secrets: Iterable[str], target: Path) -> None:
    """Write the bundle, its secrets taken out. Raises OperationError if one were still in it."""
    hidden = list(secrets)
    clean = {name: sanitized(text, hidden) for name, text in files.items()}
    left = [name for name, text in clean.items() for one in hidden if len(one) >= 4 and one in text]
    if left:
        raise OperationError(f"a secret would be in {', '.join(left)}; nothing was written")
    with tarfile.open(target, "w:gz") as archive:
        for name, text in clean.items():
            data = text.encode()
            entry = tarfile.TarInfo(f"{target.name.removesuffix('.tar.gz')}/{name}")
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
    target.chmod(0o600)
