"""A backup of the endpoint is encrypted, whole, and ours, or is not begun."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from scripts.local_stack.servers.passwords import ADMINISTRATOR
from sql.roles import restrict_database
from tests.fixtures.endpoint import Endpoint
from tests.integration.hosts.endpoint.asking import first


def test_a_backup_is_encrypted_and_restores_to_the_same_rows(endpoint: Endpoint) -> None:
    bars = """
    insert into market.events_stream (
        symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
        basis, is_final, observed_at, kafka_partition, kafka_offset
    )
    select 'AAPL', timestamptz '2025-11-06 14:30Z' + number * interval '1 minute', '1min', 2, 3, 1,
        2.5, number, '2025-11-06', 'alphavantage', 'realtime', 'raw', true, now(), 0, number
    from generate_series(1, 500) as number
    """
    with closing(endpoint.connect("stream_writer")) as writer:
        writer.execute(bars.encode())
    backup, said = endpoint.database_tool("backup")
    assert b"PGDMP" not in backup
    assert b"AAPL" not in backup

    restored, _ = endpoint.database_tool("restore", "market_drill", given=_given(said, backup))
    wanted, contents = (json.loads(line) for line in restored.splitlines())
    assert contents == wanted
    assert contents["events_stream"]["rows"] == 500
    assert contents.keys() >= {"events_stream", "bar_revisions", "rejected_events", "sink_offsets"}
    with closing(endpoint.connect(ADMINISTRATOR, dbname="postgres")) as administrator:
        administrator.execute("drop database market_drill")


OPEN_TO_READERS = """
select count(*) from pg_proc cross join pg_roles
where rolname in ('dashboard_service', 'dashboard_reader', 'powerbi_reader')
    and proname ~ 'advisory|^lo_|^lo(read|write)$|logical_emit_message'
    and has_function_privilege(pg_roles.oid, pg_proc.oid, 'execute')
"""


def test_a_restore_runs_as_the_owner_and_keeps_who_may_read(endpoint: Endpoint) -> None:
    backup, said = endpoint.database_tool("backup")
    endpoint.database_tool("restore", "market_drill", given=_given(said, backup))
    owners = """
    select array_agg(distinct pg_get_userbyid(relowner)::text) from pg_class
    where relnamespace in ('market'::regnamespace, 'bi'::regnamespace)
    """
    grants = """
    select array_agg(grantee || ' ' || table_schema || '.' || table_name || ' ' || privilege_type
        order by grantee, table_schema, table_name, privilege_type)
    from information_schema.role_table_grants where table_schema in ('market', 'bi')
    """
    with closing(endpoint.connect(ADMINISTRATOR)) as live:
        wanted = first(live, owners), first(live, grants)
    with closing(endpoint.connect(ADMINISTRATOR, dbname="market_drill")) as drilled:
        assert (first(drilled, owners), first(drilled, grants)) == wanted
        assert wanted[0] == ["market_owner"]
        # The rights to functions of PostgreSQL itself are of a database, and in no dump.
        assert first(drilled, OPEN_TO_READERS) != 0
        restrict_database(drilled, "market_drill")
        assert first(drilled, OPEN_TO_READERS) == 0
    with closing(endpoint.connect(ADMINISTRATOR, dbname="postgres")) as administrator:
        administrator.execute("drop database market_drill")


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("damaged", "the manifest is that of another dump, or the dump is damaged"),
        ("cut off", "the manifest is that of another dump, or the dump is damaged"),
        ("of another backup", "the manifest is that of another dump, or the dump is damaged"),
        ("with a damaged manifest", "gpg cannot decrypt the manifest"),
        ("without a manifest", "there is no manifest beside the dump"),
        ("nobody encrypted", "the manifest is not one encrypted and authenticated file"),
        ("encrypted by somebody else", "gpg cannot decrypt the manifest with this passphrase"),
    ],
)
def test_a_backup_that_is_not_whole_and_ours_is_not_begun(
    endpoint: Endpoint, tmp_path: Path, name: str, refusal: str
) -> None:
    backup, said = endpoint.database_tool("backup")
    with pytest.raises(AssertionError, match=re.escape(refusal)):
        endpoint.database_tool(
            "restore", "market_drill", given=_spoiled(name, endpoint, said, backup, tmp_path)
        )
    with closing(endpoint.connect(ADMINISTRATOR, dbname="postgres")) as administrator:
        assert first(administrator, "select count(*) from pg_database where datname ~ 'drill'") == 0
    assert not list(endpoint.folders["server"].glob(".restore.*"))


def _given(said: str, dump: bytes) -> bytes:
    """Return what `restore` is given: the manifest in a line, then the dump."""
    return f"{said.splitlines()[-1]}\n".encode() + dump


def _spoiled(name: str, endpoint: Endpoint, said: str, dump: bytes, folder: Path) -> bytes:
    """Return a backup with one thing wrong with it."""
    middle = len(dump) // 2
    match name:
        case "damaged":
            return _given(said, dump[:middle] + bytes([dump[middle] ^ 1]) + dump[middle + 1 :])
        case "cut off":
            return _given(said, dump[:middle])
        case "of another backup":
            _, other = endpoint.database_tool("backup")
            return _given(other, dump)
        case "with a damaged manifest":
            manifest = bytearray(base64.b64decode(said.splitlines()[-1]))
            manifest[len(manifest) // 2] ^= 1
            return _given(base64.b64encode(manifest).decode(), dump)
        case "without a manifest":
            return b"\n" + dump
    # A file of OpenPGP that needs no passphrase, or another one; the manifest names the dump.
    words = ["--store"]
    if name == "encrypted by somebody else":
        words = ["--symmetric", "--pinentry-mode", "loopback", "--passphrase", "of somebody else"]
    (folder / "manifest").write_text(f"{hashlib.sha256(dump).hexdigest()}\n{{}}\n", "utf-8")
    made = subprocess.run(
        ["gpg", "--homedir", folder, "--batch", "--quiet", *words, "--output", "-", "manifest"],
        cwd=folder, capture_output=True, check=True,
    )  # fmt: skip
    return _given(base64.b64encode(made.stdout).decode(), dump)
