"""Fetches pinned files: URL and digest in, a whole and verified file or none at all out.

Standard library only, since it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts.launcher.errors import SetupError

TIMEOUT_SECONDS = 30
ATTEMPTS = 3
PARALLEL = 6
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Artifact:
    """A file on a server, the place it goes to, and the digest (hex) by which it is known."""

    url: str
    target: Path
    algorithm: str
    digest: str
    size_bytes: int


def is_intact(artifact: Artifact) -> bool:
    """Return whether the target is there and is, byte for byte, the pinned file."""
    try:
        with artifact.target.open("rb") as file:
            return hashlib.file_digest(file, artifact.algorithm).hexdigest() == artifact.digest
    except FileNotFoundError:
        return False


def fetch_all(artifacts: Sequence[Artifact], report: Callable[[int], None]) -> None:
    """Fetch the artifacts, some at a time; `report` gets the count of bytes that arrived.

    Raises SetupError for the first that fails; the others stop. What is whole stays.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(PARALLEL) as pool:
        running = [pool.submit(fetch, artifact, report, stop) for artifact in artifacts]
        try:
            for download in running:
                download.result()
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def fetch(
    artifact: Artifact,
    report: Callable[[int], None] = lambda _: None,
    stop: threading.Event | None = None,
    attempts: int = ATTEMPTS,
) -> None:
    """Fetch one artifact; a passing fault of the network is tried again. Raises SetupError."""
    artifact.target.parent.mkdir(parents=True, exist_ok=True)
    stop = stop or threading.Event()
    for attempt in range(1, attempts + 1):
        try:
            _fetch_once(artifact, report, stop)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            if attempt == attempts or _is_final(error) or stop.wait(attempt):
                raise SetupError(f"{artifact.url} could not be fetched: {_reason(error)}") from None
        else:
            return


def _fetch_once(artifact: Artifact, report: Callable[[int], None], stop: threading.Event) -> None:
    """Write beside the target and rename, so that no half file ever carries the final name."""
    digest = hashlib.new(artifact.algorithm)
    received = 0
    part_fd, part_name = tempfile.mkstemp(".part", artifact.target.name, artifact.target.parent)
    part = Path(part_name)
    try:
        with (
            os.fdopen(part_fd, "wb") as file,
            urllib.request.urlopen(artifact.url, timeout=TIMEOUT_SECONDS) as response,  # noqa: S310 - the URL is pinned in a lock file
        ):
            while chunk := response.read(_CHUNK_BYTES):
                if stop.is_set():
                    raise SetupError(f"{artifact.url}: stopped")
                digest.update(chunk)
                file.write(chunk)
                received += len(chunk)
                report(len(chunk))
        _verify(artifact, digest.hexdigest(), received)
        part.chmod(0o644)
        part.replace(artifact.target)
    except BaseException:
        part.unlink()
        report(-received)
        raise


def _verify(artifact: Artifact, digest: str, received: int) -> None:
    if received < artifact.size_bytes:
        raise http.client.IncompleteRead(b"", artifact.size_bytes - received)
    if digest != artifact.digest:
        raise SetupError(
            f"{artifact.url} is not the file that the lock names: its {artifact.algorithm} begins "
            f"with {digest[:16]}, the lock says {artifact.digest[:16]}; it was not kept"
        )


def _is_final(error: Exception) -> bool:
    """A 404 or 403 stays one; a 429 or 5xx may pass. A certificate does not fix itself."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code < 500 and error.code != 429
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    if isinstance(error, http.client.IncompleteRead):
        return f"it broke off with {error.expected} bytes missing"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            "the server's certificate is not trusted; install the package ca-certificates, "
            "or let SSL_CERT_FILE name your certificates"
        )
    if isinstance(error, urllib.error.URLError):
        return f"{error.reason}"
    return f"{error}" or type(error).__name__
