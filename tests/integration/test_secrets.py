"""The service `secrets`: what it makes, keeps, takes as given, rotates, and refuses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.embedded.postgres_account import account_for
from tests.fixtures.endpoint import Endpoint


@pytest.fixture
def place(tmp_path: Path) -> Endpoint:
    return Endpoint(tmp_path, 1, account_for(tmp_path))


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.is_file()}


def certificate(folder: Path, days: str = "30") -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=given"]
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt")]
    subprocess.run([*command, *files, "-days", days], capture_output=True, check=True)
    (folder / "server.key").chmod(0o644)


def test_a_second_run_changes_nothing(place: Endpoint) -> None:
    assert place.secrets().returncode == 0
    before = contents(place.folders["secrets"] / "origin")
    again = place.secrets()
    assert (again.returncode, again.stdout) == (0, "")
    assert contents(place.folders["secrets"] / "origin") == before
    assert before["powerbi_cidrs"] == ""


def test_the_list_is_written_one_network_a_line(place: Endpoint) -> None:
    assert place.secrets(POWERBI_CIDRS="203.0.113.7/32, 198.51.100.0/24").returncode == 0
    assert (place.served / "powerbi_cidrs").read_text() == "198.51.100.0/24\n203.0.113.7/32\n"
    assert place.secrets().returncode == 0
    assert (place.served / "powerbi_cidrs").read_text() == ""


@pytest.mark.parametrize(
    "cidr",
    ["203.0.113.7", "203.0.113.0/33", "203.0.113.256/32", "0x7f.0.0.1/8", "2001:db8::/48", "all",
     "10.0.0.0/8 trust", "samenet"],
)  # fmt: skip
def test_what_is_no_network_is_refused(place: Endpoint, cidr: str) -> None:
    done = place.secrets(POWERBI_CIDRS=cidr)
    assert done.returncode == 2
    assert "is not an IPv4 network such as 203.0.113.0/24" in done.stderr
    assert not (place.served / "server.key").exists()


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "0.0.0.0/1", "64.0.0.0/2", "1.0.0.0/7"])
def test_the_world_is_let_in_by_words_alone(place: Endpoint, cidr: str) -> None:
    done = place.secrets(POWERBI_CIDRS=cidr, POWERBI_WORLD_OPEN="true")
    assert (done.returncode, done.stderr) == (
        2,
        f"secrets: POWERBI_CIDRS: {cidr} opens the database to half the world or more; "
        "to want that, set POWERBI_WORLD_OPEN to: yes, from anywhere\n",
    )
    done = place.secrets(POWERBI_CIDRS=cidr, POWERBI_WORLD_OPEN="yes, from anywhere")
    assert done.returncode == 0
    assert (place.served / "powerbi_cidrs").read_text() == f"{cidr}\n"


def test_a_given_certificate_is_served_in_the_place_of_our_own(place: Endpoint) -> None:
    assert place.secrets().returncode == 0
    own = contents(place.served)
    certificate(place.folders["given"])
    assert place.secrets().returncode == 0
    given = contents(place.folders["given"])
    served = contents(place.served)
    assert {name: served[name] for name in given} == given
    front = place.folders["secrets"] / "front"
    assert contents(front) == given
    for file in place.folders["given"].iterdir():
        file.unlink()
    assert place.secrets().returncode == 0
    assert contents(place.served) == own
    assert contents(front) == {name: own[name] for name in given}


def test_a_given_certificate_that_cannot_be_served_is_refused(place: Endpoint) -> None:
    given = place.folders["given"]
    certificate(given)
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", given / "server.key"],
                   capture_output=True, check=True)  # fmt: skip
    (given / "server.key").chmod(0o644)
    done = place.secrets()
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "secrets: the given server.key is not the key of the given server.crt",
    )


def test_given_passwords_are_the_first_and_can_be_rotated(place: Endpoint) -> None:
    (place.folders["given"] / "powerbi_reader_password").write_text("chosen\n", encoding="utf-8")
    assert place.secrets().returncode == 0
    assert place.password("powerbi_reader") == "chosen"

    assert place.secrets("rotate", "powerbi_reader_password").returncode == 0
    rotated = place.password("powerbi_reader")
    assert len(rotated) == 48
    assert place.secrets().returncode == 0
    assert place.password("powerbi_reader") == rotated
    readers = place.folders["secrets"] / "readers" / "powerbi_reader_password"
    assert readers.read_text().strip() == rotated


def test_the_dashboard_has_a_password_of_its_own_that_can_be_rotated(place: Endpoint) -> None:
    assert place.secrets().returncode == 0
    handed_out = place.folders["secrets"] / "dashboard" / "dashboard_password"
    first = handed_out.read_text()
    assert len(first.strip()) == 48
    assert place.secrets("rotate", "dashboard_password").returncode == 0
    assert len(handed_out.read_text().strip()) == 48
    assert handed_out.read_text() != first


@pytest.mark.parametrize("name", ["", "ca.key", "unknown_password", "../../etc/passwd"])
def test_only_a_password_is_rotated(place: Endpoint, name: str) -> None:
    assert place.secrets().returncode == 0
    before = contents(place.folders["secrets"] / "origin")
    assert place.secrets("rotate", name).returncode == 2
    assert contents(place.folders["secrets"] / "origin") == before
