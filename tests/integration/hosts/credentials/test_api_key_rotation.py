"""A new key, or a certificate, is tried before the old one goes: a real shell and real files.

Docker is a stand-in that plays one container, which ends with a key that the vendor refuses.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scripts.operations.connectors import failure
from scripts.operations.credentials import rotation
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.target import HOST_DIRECTORY, Target
from tests.unit.operations.fakes import outputs

OLD, NEW = "OLDKEY0123456789", "NEWKEY0123456789"
# Answers as the vendor's would be counted; with a key that it refuses the producer ends.
DOCKER = r"""
key=$(cat "$STATE/keys/alpha_vantage_key" 2>/dev/null)
refuses() { [ "$key" = "$(cat "$STATE/refused" 2>/dev/null)" ]; }
case "$*" in
    *"restart producer"*) echo "$key" >> "$STATE/started"; echo 0 > "$STATE/restarts" ;;
    *"ps --all --quiet"*) echo producer ;;
    *inspect*) ! refuses || echo 3 > "$STATE/restarts"; cat "$STATE/restarts" ;;
    *"ps --all"*) echo '{"Service": "producer", "State": "running", "Health": "healthy"}' ;;
    *"exec --no-TTY producer"*)
        ! refuses || exit 1
        kind=data; [ ! -e "$STATE/closed" ] || kind=unreachable
        echo "tapeline_producer_answers_total{kind=\"$kind\"} 1.0" ;;
    *logs*)
        echo "2026-11-29 02:00:00 INFO waiting"
        ! refuses || echo "2026-11-29 02:00:01 CRITICAL the API refuses the key: wrong" ;;
    *"run --rm --no-TTY secrets"*)
        cat "$STATE/given/server.crt" >> "$STATE/handed"; [ ! -e "$STATE/broken" ] ;;
esac
"""


@dataclass
class Host:
    """A folder as a host's, and a shell in it."""

    folder: Path
    said: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        for name in ("keys", "given", "programs"):
            (self.folder / name).mkdir()
        for name, text in (("docker", DOCKER), ("chown", "true")):
            program = self.folder / "programs" / name
            program.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
            program.chmod(0o755)
        (self.folder / "restarts").write_text("0\n", encoding="utf-8")

    def run(self, command: str, *, given: str = "") -> str:  # noqa: ARG002
        code, printed = self.code(command)
        if code != 0:
            raise failure(command, code, printed)
        return printed

    def code(self, command: str) -> tuple[int, str]:
        path = f"{self.folder}/programs:{os.environ['PATH']}"
        command = command.replace(HOST_DIRECTORY, str(self.folder))
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env={"PATH": path, "STATE": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def show(self, command: str) -> int:
        return self.code(command)[0]

    def send(self, data: bytes | Path, target: str) -> None:
        content = data.read_bytes() if isinstance(data, Path) else data
        (self.folder / target).write_bytes(content)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_795_910_400 + self.seconds, UTC)

    def operation(self) -> Operation:
        place = Target(
            name="prod",
            directory=str(self.folder),
            state=str(self.folder / "state"),
            compose_words=("docker", "compose"),
            dumps="",
            keys=str(self.folder / "keys"),
            given=str(self.folder / "given"),
            is_remote=True,
        )
        secrets = {**outputs().secrets, "alpha_vantage_key": ""}
        known = replace(outputs(), secrets=secrets)
        return Operation(place, self, "ann@desk", known, self.said.append, self.now, self.wait)

    def files(self, folder: str) -> dict[str, str]:
        """Return what lies in a folder, hidden files too."""
        return {file.name: file.read_text("utf-8") for file in (self.folder / folder).iterdir()}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    folder = tmp_path / "host"
    folder.mkdir()
    return Host(folder)


def rotate(host: Host, key: str | bytes) -> None:
    file = host.folder.parent / "key.txt"
    file.write_bytes(key if isinstance(key, bytes) else key.encode())
    rotation.rotate(host.operation(), "key", str(file))


def has_old_key(host: Host) -> None:
    (host.folder / "keys" / "alpha_vantage_key").write_text(f"{OLD}\n", encoding="utf-8")


def test_a_key_that_answers_takes_the_place_of_the_old_one(host: Host) -> None:
    has_old_key(host)
    rotate(host, f"  {NEW}\n\n")
    assert host.files("keys") == {"alpha_vantage_key": f"{NEW}\n"}
    assert (host.folder / "keys" / "alpha_vantage_key").stat().st_mode & 0o777 == 0o400
    assert (host.folder / "started").read_text("utf-8") == f"{NEW}\n"


@pytest.mark.parametrize("first", [True, False])
def test_a_key_that_is_refused_goes_and_the_old_one_works_again(host: Host, first: bool) -> None:
    if not first:
        has_old_key(host)
    (host.folder / "refused").write_text(NEW, encoding="utf-8")
    with pytest.raises(OperationError) as refused:
        rotate(host, NEW)
    assert str(refused.value).splitlines() == [
        "the producer ends with the new key: 2026-11-29 02:00:01 CRITICAL the API refuses the key: "
        "wrong",
        "the key of before is in its place again"
        if not first
        else "there is no key again, as before",
    ]
    assert host.files("keys") == ({} if first else {"alpha_vantage_key": f"{OLD}\n"})
    assert (host.folder / "started").read_text("utf-8") == f"{NEW}\n{'' if first else OLD}\n"


def test_a_key_that_nobody_tried_yet_stays_beside_the_old_one(host: Host) -> None:
    has_old_key(host)
    (host.folder / "closed").touch()
    rotate(host, NEW)
    assert host.files("keys") == {
        "alpha_vantage_key": f"{NEW}\n",
        "alpha_vantage_key.before": f"{OLD}\n",
    }
    assert any("nobody has tried the key yet" in line for line in host.said)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not set"),
        (b" \n\n", "not set"),
        (b"\xef\xbb\xbf" + NEW.encode(), "byte order mark"),
        (NEW.encode("utf-16"), "byte order mark"),
        (b"KEY\xff\xff\xff\xff", "cannot be read"),
        (f"{NEW}\n{OLD}\n".encode(), "that no key has"),
    ],
    ids=["empty", "blank", "utf-8-sig", "utf-16", "bytes", "two lines"],
)
def test_what_is_no_key_never_reaches_the_host(host: Host, content: bytes, why: str) -> None:
    has_old_key(host)
    with pytest.raises(OperationError, match=why):
        rotate(host, content)
    assert host.files("keys") == {"alpha_vantage_key": f"{OLD}\n"}
    assert not (host.folder / "started").exists()


def pair(folder: Path, name: str, *, key_of: Path | None = None, days: str = "30") -> Path:
    """Make a certificate and its key, or that of another one."""
    folder.mkdir()
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"]
    files = ["-keyout", f"{folder}/server.key", "-out", f"{folder}/server.crt", "-days", days]
    subprocess.run([*made, *files], capture_output=True, check=True)
    if key_of is not None:
        (folder / "server.key").write_bytes((key_of / "server.key").read_bytes())
    return folder


def test_a_certificate_that_cannot_be_handed_out_leaves_the_one_before(
    host: Host, tmp_path: Path
) -> None:
    first = pair(tmp_path / "first", "first")
    rotation.rotate(host.operation(), "certificate", str(first))
    served = host.files("given")
    assert served == {file.name: file.read_text("utf-8") for file in first.iterdir()}
    (host.folder / "broken").touch()
    with pytest.raises(OperationError):
        rotation.rotate(host.operation(), "certificate", str(pair(tmp_path / "second", "second")))
    assert host.files("given") == served


def test_a_certificate_with_another_key_never_reaches_the_host(host: Host, tmp_path: Path) -> None:
    first = pair(tmp_path / "first", "first")
    other = pair(tmp_path / "other", "other", key_of=first)
    with pytest.raises(OperationError, match=r"not the key of the given server\.crt"):
        rotation.rotate(host.operation(), "certificate", str(other))
    assert host.files("given") == {}
