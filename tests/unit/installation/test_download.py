"""A fetched file is whole and the right one, or it is not there."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.installation.download import Artifact, fetch, fetch_all, is_intact
from scripts.launcher.errors import SetupError

BODY = b"jar" * 200_000
DIGEST = hashlib.sha512(BODY).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    """Serves BODY whole at /whole, cut at /cut, and on the second try only at /flaky."""

    tries = 0

    def do_GET(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
            return
        _Handler.tries += 1
        if self.path == "/flaky" and _Handler.tries == 1:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[:1000] if self.path == "/cut" else BODY)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    _Handler.tries = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def artifact(url: str, target: Path, digest: str = DIGEST) -> Artifact:
    return Artifact(url, target, "sha512", digest, len(BODY))


def test_a_whole_file_arrives_under_its_name(server: str, tmp_path: Path) -> None:
    received: list[int] = []
    target = tmp_path / "folder" / "a.jar"
    fetch(artifact(f"{server}/whole", target), received.append)
    assert target.read_bytes() == BODY
    assert sum(received) == len(BODY)
    assert [path.name for path in target.parent.iterdir()] == ["a.jar"]


def test_a_passing_fault_is_tried_again(server: str, tmp_path: Path) -> None:
    fetch(artifact(f"{server}/flaky", tmp_path / "a.jar"))
    assert (tmp_path / "a.jar").read_bytes() == BODY
    assert _Handler.tries == 2


@pytest.mark.parametrize(
    ("path", "digest", "message"),
    [
        pytest.param(
            "/missing", DIGEST, "could not be fetched: the server answered 404 Not Found", id="404"
        ),
        pytest.param(
            "/cut",
            DIGEST,
            f"could not be fetched: it broke off with {len(BODY) - 1000} bytes missing",
            id="cut",
        ),
        pytest.param(
            "/whole",
            "0" * 128,
            "is not the file that the lock names: its sha512 begins with "
            f"{DIGEST[:16]}, the lock says 0000000000000000; it was not kept",
            id="other",
        ),
    ],
)
def test_a_failed_download_is_a_clear_error_and_not_kept(
    server: str, tmp_path: Path, path: str, digest: str, message: str
) -> None:
    received: list[int] = []
    with pytest.raises(SetupError) as caught:
        fetch(artifact(server + path, tmp_path / "a.jar", digest), received.append, attempts=1)
    assert str(caught.value) == f"{server}{path} {message}"
    assert list(tmp_path.iterdir()) == []
    assert sum(received) == 0


def test_one_that_fails_ends_all_and_what_is_whole_stays(server: str, tmp_path: Path) -> None:
    wanted = [
        artifact(f"{server}/whole", tmp_path / "a.jar"),
        artifact(f"{server}/missing", tmp_path / "b.jar"),
    ]
    with pytest.raises(SetupError, match="404"):
        fetch_all(wanted, lambda _: None)
    assert [is_intact(item) for item in wanted][1] is False
    assert {path.name for path in tmp_path.iterdir()} <= {"a.jar"}


def test_nothing_listens(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"http://127\.0\.0\.1:1/a"):
        fetch(artifact("http://127.0.0.1:1/a", tmp_path / "a"), attempts=1)


def test_a_damaged_file_is_not_intact(tmp_path: Path) -> None:
    target = tmp_path / "a.jar"
    assert not is_intact(artifact("", target))
    target.write_bytes(BODY[:-1])
    assert not is_intact(artifact("", target))
    target.write_bytes(BODY)
    assert is_intact(artifact("", target))
