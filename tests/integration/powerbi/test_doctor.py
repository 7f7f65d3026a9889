"""The doctor passes a good server, and names the fault of each broken one."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import trustme

from powerbi.doctor.observations import Target
from scripts.local_stack.servers.ports import HOST
from services.common.secret import Secret
from tests.documents import ROOT, commands
from tests.fixtures.tls_postgres import DATABASE, HBA, NAME, READER_LINE, TlsPostgres
from tests.integration.powerbi.doctoring import READER, faults, findings


def reader_line(old: str, new: str) -> str:
    """Return pg_hba.conf as it ships, with the line that lets Power BI in changed."""
    changed = READER_LINE.replace(old, new)
    assert changed != READER_LINE
    return HBA.replace(READER_LINE, changed)


def test_a_good_endpoint_passes_every_check(target: Target) -> None:
    found = findings(target)

    assert [(item.level, item.name) for item in found] == [
        ("ok", "reached"),
        ("ok", "plain text refused"),
        ("ok", "TLS"),
        ("ok", "login"),
        ("ok", "role"),
        ("ok", "views"),
        ("ok", "answer time"),
    ]
    assert found[0].detail == f"localhost:{target.port} at 127.0.0.1"
    assert re.fullmatch(r"TLSv1\.2, ECDHE-\S+-GCM-\S+; certificate until \S+", found[2].detail)
    assert re.fullmatch(r"\d\d visuals, the slowest \w+ \d+ ms", found[6].detail)


@pytest.mark.parametrize("line", commands("powerbi"))
def test_what_is_typed_builds_the_kit_and_passes_the_doctor(
    line: str, target: Target, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(target.password.reveal(), "utf-8")
    there = {
        "db.example.org": f"{target.host}:{target.port}",
        " ca.crt": f" {target.ca_file}",
        "=password ": f"={tmp_path / 'password'} ",
        " kit": f" {tmp_path / 'kit'}",
    }
    for word, real in there.items():
        line = line.replace(word, real)
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_tls_is_off(target: Target, tls_postgres: TlsPostgres) -> None:
    with tls_postgres.changed(ssl="off", hba=HBA.replace("hostssl", "host")):
        assert faults(target) == [
            ("plain text allowed", "the server asks for a password without TLS"),
            ("TLS off", "the server answers that it has no TLS"),
        ]


def test_only_tls_1_3_is_spoken(target: Target, tls_postgres: TlsPostgres) -> None:
    with tls_postgres.changed(ssl_min_protocol_version="TLSv1.3"):
        assert faults(target) == [("TLS too new", "the server speaks TLS 1.3 alone")]


def test_no_cipher_of_windows_is_offered(target: Target, tls_postgres: TlsPostgres) -> None:
    with tls_postgres.changed(ssl_ciphers="ECDHE+CHACHA20", ssl_max_protocol_version="TLSv1.2"):
        [(name, _)] = faults(target)
    assert name == "TLS failed"


def test_the_certificate_has_expired(target: Target, tls_postgres: TlsPostgres) -> None:
    with tls_postgres.certified(NAME, days=-1):
        assert faults(target) == [("certificate expired", "certificate has expired")]


def test_the_certificate_is_for_another_name(target: Target, tls_postgres: TlsPostgres) -> None:
    with tls_postgres.certified("db.example.org"):
        assert faults(target) == [
            (
                "certificate name",
                "localhost is not in the certificate, which holds db.example.org",
            )
        ]


def test_the_authority_is_unknown(target: Target, tls_postgres: TlsPostgres) -> None:
    with tls_postgres.certified(NAME, by=trustme.CA()):
        [(name, _)] = faults(target)
    assert name == "certificate untrusted"


def test_the_certificate_ends_soon(target: Target, tls_postgres: TlsPostgres) -> None:
    with tls_postgres.certified(NAME, days=5):
        notes = [item for item in findings(target) if item.level == "note"]
    [(name, said)] = [(note.name, note.detail) for note in notes]
    assert name == "certificate ends soon"
    assert re.fullmatch(r"5 of \d+ days left; see that it is renewed", said)


def test_plain_text_is_allowed(target: Target, tls_postgres: TlsPostgres) -> None:
    with tls_postgres.changed(hba=reader_line("hostssl", "host")):
        assert faults(target) == [
            ("plain text allowed", "the server asks for a password without TLS")
        ]


def test_the_password_is_wrong(target: Target) -> None:
    assert faults(replace(target, password=Secret("wrong"))) == [
        ("wrong password", f'28P01: password authentication failed for user "{READER}"')
    ]


@pytest.mark.parametrize("password", ["geheim\N{KEY}", "a\N{HEBREW LETTER ALEF}1", "bell\a"])
def test_a_password_that_saslprep_refuses_logs_in(
    target: Target, tls_postgres: TlsPostgres, password: str
) -> None:
    now = f"alter role {READER} password '{password}'"
    before = f"alter role {READER} password '{target.password.reveal()}'"
    with tls_postgres.after(now, before):
        assert faults(replace(target, password=Secret(password))) == []
        assert faults(replace(target, password=Secret(password + "x"))) == [
            ("wrong password", f'28P01: password authentication failed for user "{READER}"')
        ]


def test_the_database_does_not_exist(target: Target, tls_postgres: TlsPostgres) -> None:
    with tls_postgres.changed(hba=reader_line("market", "all")):
        assert faults(replace(target, database="nowhere")) == [
            ("database missing", '3D000: database "nowhere" does not exist')
        ]


def test_the_address_is_not_let_in(target: Target, tls_postgres: TlsPostgres) -> None:
    with tls_postgres.changed(hba=reader_line("market", "other")):
        [(name, detail)] = faults(target)
    assert name == "not let in"
    assert detail.startswith("28000: pg_hba.conf rejects connection")


def test_the_password_travels_as_md5(target: Target, tls_postgres: TlsPostgres) -> None:
    password = target.password.reveal()
    weak = f"set password_encryption = md5; alter role {READER} password '{password}'"
    strong = weak.replace("md5", "'scram-sha-256'")
    with (
        tls_postgres.changed(hba=reader_line("scram-sha-256", "md5")),
        tls_postgres.after(weak, strong),
    ):
        assert faults(target) == [("weak authentication", "the server asks for md5")]


def test_no_connection_is_left(target: Target, tls_postgres: TlsPostgres) -> None:
    limit = f"alter role {READER} connection limit 1"
    with (
        tls_postgres.after(limit, f"alter role {READER} connection limit 20"),
        psycopg.connect(
            host=HOST,
            port=target.port,
            dbname=DATABASE,
            user=READER,
            password=target.password.reveal(),
        ),
    ):
        found = faults(target)
    assert found == [("no connection left", f'53300: too many connections for role "{READER}"')]
