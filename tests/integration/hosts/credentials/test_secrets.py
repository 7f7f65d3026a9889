"""The service `secrets`: what it makes, keeps, takes as given, rotates, and refuses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.local_stack.servers.postgres_account import account_for
from services.secrets import table
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


def test_the_login_of_sparks_pages_follows_their_password(place: Endpoint) -> None:
    assert place.secrets().returncode == 0
    assert place.secrets("rotate", "spark_pages_password").returncode == 0
    origin = contents(place.folders["secrets"] / "origin")
    login = contents(place.folders["secrets"] / "spark-pages")["login"]
    user, _, hashed = login.strip().partition(":")
    _, _, salt, _ = hashed.split("$")
    again = subprocess.run(["openssl", "passwd", "-6", "-salt", salt, "-stdin"],
                           input=origin["spark_pages_password"], capture_output=True, text=True,
                           check=True)  # fmt: skip
    assert (user, again.stdout.strip()) == ("tapeline", hashed)


def test_a_rotated_administrator_keeps_the_login_before_until_the_server_has_the_new_one(
    place: Endpoint,
) -> None:
    assert place.secrets().returncode == 0
    before = contents(place.served)
    assert place.secrets("rotate", "postgres_password").returncode == 0
    after = contents(place.served)
    assert after["pgpass.before"] == before["pgpass"]
    owner = contents(place.folders["secrets"] / "migrate")["market_owner_password"]
    assert after["pgpass"] == (
        f"*:*:*:postgres:{after['postgres_password']}*:*:*:market_owner:{owner}"
    )
    assert after["postgres_password"] != before["postgres_password"]


def test_an_administrators_rotation_that_was_interrupted_goes_on_with_the_same_password(
    place: Endpoint,
) -> None:
    """The server has the first password: with a third one, nobody would know what it has."""
    assert place.secrets().returncode == 0
    first = contents(place.served)
    assert place.secrets("rotate", "postgres_password").returncode == 0
    second = contents(place.served)
    again = place.secrets("rotate", "postgres_password")
    assert (again.returncode, "that one is rotated on" in again.stdout) == (0, True)
    assert contents(place.served) == second
    assert second["pgpass.before"] == first["pgpass"]

    assert place.secrets("taken").returncode == 0
    assert place.secrets("rotate", "postgres_password").returncode == 0
    third = contents(place.served)
    assert third["postgres_password"] != second["postgres_password"]
    assert third["pgpass.before"] == second["pgpass"]


def test_each_volume_holds_its_own_few_for_their_owner_alone(place: Endpoint) -> None:
    assert place.secrets().returncode == 0
    volumes = {
        folder.name: sorted(contents(folder)) for folder in place.folders["secrets"].iterdir()
    }
    assert volumes.pop("origin") == sorted(
        {*table.GENERATED, *table.OTHERS, "ca.key", "server.crt", "server.key",
         "server.names"}
    )  # fmt: skip
    assert volumes == {
        "postgres": ["backup_passphrase", "pgpass", "postgres_password", "powerbi_cidrs",
                     "server.crt", "server.key"],
        "migrate": ["alerts_service_password", "ca.crt", "dashboard_reader_password",
                    "dashboard_service_password", "market_owner_password",
                    "postgres_exporter_password", "postgres_password",
                    "powerbi_reader_password", "stream_writer_password"],
        "stream": ["ca.crt", "spark_secret", "stream_writer_password"],
        "spark": ["ca.crt", "spark_secret"],
        "readers": ["ca.crt", "dashboard_reader_password", "powerbi_reader_password"],
        "alerts": ["alerts_service_password", "ca.crt"],
        "postgres-exporter": ["postgres_exporter_password"],
        "dashboard": ["ca.crt", "dashboard_password", "dashboard_service_password"],
        "kafka-ui": ["spring.security.user.password"],
        "pgadmin": ["ca.crt", "pgadmin_password"],
        "spark-pages": ["login"],
        "front": ["server.crt", "server.key"],
    }  # fmt: skip
    files = [file for file in place.folders["secrets"].rglob("*") if file.is_file()]
    assert {file.stat().st_mode & 0o7777 for file in files} == {0o400}


def test_what_a_service_no_longer_needs_leaves_its_volume(place: Endpoint) -> None:
    """The dashboard of an earlier release read with the password that people use."""
    assert place.secrets().returncode == 0
    before = {file: contents(file) for file in place.folders["secrets"].iterdir()}
    dashboard = place.folders["secrets"] / "dashboard"
    for name in ("dashboard_reader_password", ".dashboard_password"):
        (dashboard / name).write_text("old\n")

    assert place.secrets().returncode == 0

    assert {file: contents(file) for file in before} == before


def test_names_that_are_none_are_told_by_their_setting(place: Endpoint) -> None:
    done = place.secrets(POSTGRES_TLS_NAMES="db.example.org")
    assert done.returncode == 2
    assert done.stderr.startswith("secrets: POSTGRES_TLS_NAMES must be names such as DNS:db.exa")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["", "ca.key", "unknown_password", "../../etc/passwd"])
def test_only_a_password_is_rotated(place: Endpoint, name: str) -> None:
    assert place.secrets().returncode == 0
    before = contents(place.folders["secrets"] / "origin")
    assert place.secrets("rotate", name).returncode == 2
    assert contents(place.folders["secrets"] / "origin") == before


def test_the_server_gets_what_reaches_the_repository_as_long_as_there_is_one(
    place: Endpoint,
) -> None:
    assert place.secrets().returncode == 0
    without = contents(place.served)
    refused = place.secrets(BACKUP_REPOSITORY="sftp://ann@vault/tapeline")
    assert refused.returncode == 2
    assert refused.stderr == (
        "secrets: BACKUP_REPOSITORY needs the file backup_ssh_key beside the other secrets\n"
    )
    for name in ("backup_ssh_key", "backup_known_hosts"):
        (place.folders["given"] / name).write_text(f"{name}\n", encoding="utf-8")
    assert place.secrets(BACKUP_REPOSITORY="sftp://ann@vault/tapeline").returncode == 0
    served = contents(place.served)
    assert served.keys() - without.keys() == {
        "pgbackrest.conf", "backup_ssh_key", "backup_known_hosts",
    }  # fmt: skip
    assert (
        f"repo1-cipher-pass={without['backup_passphrase'].strip()}\n" in served["pgbackrest.conf"]
    )
    assert (place.served / "pgbackrest.conf").stat().st_mode & 0o777 == 0o400
    assert place.secrets().returncode == 0
    assert contents(place.served) == without
