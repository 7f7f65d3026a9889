"""Where backups and the database's log go: the setting BACKUP_REPOSITORY in, pgBackRest's file out.

Pure. The forms of the setting are in FORMS. Keys come from files that were given, are written into
pgBackRest's file or stay files of their own, and are in no setting. The repository is encrypted
wherever it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

STANZA: Final = "market"
FORMS: Final = (
    "/a/path, sftp://user@host:port/path, s3://bucket/path?region=R&endpoint=HOST, "
    "gcs://bucket/path or azure://account/container/path"
)
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    # the file that must have been given, by the form: pgBackRest's file takes its text
    "s3": ("backup_access_key_id", "backup_secret_access_key"),
    "azure": ("backup_azure_key",),
}
FILES: Final[Mapping[str, tuple[str, ...]]] = {
    # pgBackRest's file names the file
    "sftp": ("backup_ssh_key", "backup_known_hosts"),
    "gcs": ("backup_gcs_key.json",),
}
AUTHORITY: Final = "backup_ca.crt"
"""Who certified a server of one's own, may be given for s3, gcs and azure."""
_QUEUE: Final = "1GiB"
_COMMON: Final = f"""\
[{STANZA}]

[global]
repo1-cipher-type=aes-256-cbc
repo1-bundle=y
repo1-block=y
repo1-retention-full-type=time
repo1-retention-full=14
compress-type=zst
compress-level=3
process-max=2
start-fast=y
log-level-file=off
log-level-console=off
log-level-stderr=warn

[global:archive-push]
archive-async=y
# More than this is not kept on the database's disk for a repository that cannot be reached.
archive-push-queue-max={_QUEUE}
archive-timeout=20
io-timeout=15
"""


class RepositoryError(ValueError):
    """What is wrong with the setting or with a key that was given, in one line."""


def configuration(
    setting: str, passphrase: str, given: Callable[[str], str | None], folder: str
) -> str:
    """Return pgBackRest's file (INI). Raises RepositoryError.

    `given` returns the text of a file that was given, or None; `folder` is where the server finds
    those that pgBackRest reads itself.
    """
    kind, options = _target(setting, folder)
    for name in FILES.get(kind, ()):
        _text(name, given)
    values = [_line(name, given) for name in KEYS.get(kind, ())]
    names = {"s3": ("repo1-s3-key", "repo1-s3-key-secret"), "azure": ("repo1-azure-key",)}
    options |= dict(zip(names.get(kind, ()), values, strict=True))
    if kind in ("s3", "gcs", "azure") and given(AUTHORITY) is not None:
        options["repo1-storage-ca-file"] = f"{folder}/{AUTHORITY}"
    options |= {"repo1-type": kind, "repo1-cipher-pass": passphrase}
    lines = "".join(f"{name}={options[name]}\n" for name in sorted(options))
    return _COMMON.replace("[global]\n", f"[global]\n{lines}", 1)


def files(setting: str) -> tuple[str, ...]:
    """Return the files that pgBackRest reads itself; an authority is one only if it was given."""
    kind, _ = _target(setting, "")
    return (*FILES.get(kind, ()), *((AUTHORITY,) if kind in ("s3", "gcs", "azure") else ()))


def _target(setting: str, folder: str) -> tuple[str, dict[str, str]]:
    if not setting.isprintable() or re.search(r"\s", setting):
        raise RepositoryError("BACKUP_REPOSITORY holds a blank or a sign that cannot be printed")
    if setting.startswith("/"):
        return "posix", {"repo1-path": _path(setting)}
    try:
        url, port = urlsplit(setting), urlsplit(setting).port
    except ValueError as error:
        raise RepositoryError(f"BACKUP_REPOSITORY: {error}") from None
    if url.scheme not in ("sftp", "s3", "gcs", "azure") or not url.hostname or url.fragment:
        raise RepositoryError(f"BACKUP_REPOSITORY is {FORMS}")
    if url.password is not None or (url.username is not None and url.scheme != "sftp"):
        raise RepositoryError("BACKUP_REPOSITORY holds no key or password: they come in files")
    if url.scheme != "s3" and url.query:
        raise RepositoryError("only s3:// takes what stands behind a question mark")
    if url.scheme != "sftp" and port is not None:
        raise RepositoryError("only sftp:// takes a port; for s3:// it belongs to the endpoint")
    return url.scheme, _OPTIONS[url.scheme](url, folder)


def _sftp(url: SplitResult, folder: str) -> dict[str, str]:
    if not url.username:
        raise RepositoryError("sftp:// needs a user: sftp://user@host/path")
    return {
        "repo1-path": _path(url.path),
        "repo1-sftp-host": url.hostname or "",
        "repo1-sftp-host-port": str(url.port or 22),
        "repo1-sftp-host-user": url.username,
        "repo1-sftp-private-key-file": f"{folder}/backup_ssh_key",
        "repo1-sftp-host-key-check-type": "strict",
        "repo1-sftp-host-key-hash-type": "sha256",
        "repo1-sftp-known-host": f"{folder}/backup_known_hosts",
    }


def _s3(url: SplitResult, folder: str) -> dict[str, str]:
    del folder
    asked = dict(parse_qsl(url.query, keep_blank_values=True))
    unknown = sorted(asked.keys() - {"region", "endpoint", "style"})
    if unknown or not asked.get("region"):
        raise RepositoryError(
            "s3:// takes region=…, and where it is not Amazon endpoint=HOST and style=path"
        )
    return {
        "repo1-path": _path(url.path or "/"),
        "repo1-s3-bucket": url.netloc,
        "repo1-s3-region": asked["region"],
        "repo1-s3-endpoint": asked.get("endpoint") or f"s3.{asked['region']}.amazonaws.com",
        "repo1-s3-uri-style": asked.get("style") or "host",
    }


def _gcs(url: SplitResult, folder: str) -> dict[str, str]:
    return {
        "repo1-path": _path(url.path or "/"),
        "repo1-gcs-bucket": url.netloc,
        "repo1-gcs-key": f"{folder}/backup_gcs_key.json",
    }


def _azure(url: SplitResult, folder: str) -> dict[str, str]:
    del folder
    container, _, path = url.path.lstrip("/").partition("/")
    if not container:
        raise RepositoryError("azure:// needs a container: azure://account/container/path")
    return {
        "repo1-path": _path(f"/{path}"),
        "repo1-azure-account": url.netloc,
        "repo1-azure-container": container,
    }


_OPTIONS: Final[Mapping[str, Callable[[SplitResult, str], dict[str, str]]]] = {
    "sftp": _sftp,
    "s3": _s3,
    "gcs": _gcs,
    "azure": _azure,
}


def _path(path: str) -> str:
    if not path.startswith("/") or "//" in path or ".." in path.split("/"):
        raise RepositoryError("BACKUP_REPOSITORY needs a path that begins with / and has no ..")
    return path.rstrip("/") or "/"


def _text(name: str, given: Callable[[str], str | None]) -> str:
    text = given(name)
    if not text or not text.strip():
        raise RepositoryError(f"BACKUP_REPOSITORY needs the file {name} beside the other secrets")
    return text


def _line(name: str, given: Callable[[str], str | None]) -> str:
    text = _text(name, given).strip()
    if len(text.split()) != 1:
        raise RepositoryError(f"{name} must be one line without blanks")
    return text
