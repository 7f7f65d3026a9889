"""The endpoint that Power BI comes to: what may pass does, every wrong thing fails as it must."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from scripts.local_stack.servers.passwords import ADMINISTRATOR
from scripts.local_stack.servers.ports import HOST
from sql import migrate
from tests.fixtures.endpoint import Endpoint, through
from tests.fixtures.live import wait_for

LISTED, ELSEWHERE = "127.9.8.7", "127.8.8.7"
SSL_REQUEST = struct.pack("!II", 8, 80877103)
# PostgreSQL before 16 words it so; since then: "no encryption", "SSL encryption".
REJECTED = "pg_hba.conf rejects connection for host"


def first(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def served_certificate(endpoint: Endpoint) -> str:
    """Return the serial number of the certificate that the server shows."""
    with socket.create_connection((HOST, endpoint.port), 10) as plain:
        plain.sendall(SSL_REQUEST)
        assert plain.recv(1) == b"S"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain) as secured:
            shown = secured.getpeercert(binary_form=True)
    assert shown is not None
    command = ["openssl", "x509", "-inform", "DER", "-noout", "-serial"]
    return subprocess.run(command, input=shown, capture_output=True, check=True).stdout.decode()


def test_from_a_listed_network_powerbi_reads_over_tls_1_2(endpoint: Endpoint) -> None:
    with (
        through(LISTED, endpoint.port) as port,
        closing(endpoint.connect(port=port, ssl_max_protocol_version="TLSv1.2")) as connection,
    ):
        assert first(connection, "select count(*) from events_stream") == 0
        seen = "select client_addr::text || ' ' || version from pg_stat_activity "
        seen += "inner join pg_stat_ssl using (pid) where pid = pg_backend_pid()"
        assert first(connection, seen) == f"{LISTED}/32 TLSv1.2"


def test_the_server_proves_itself_by_the_password_whatever_it_serves(endpoint: Endpoint) -> None:
    options = {"sslmode": "require", "sslrootcert": "", "channel_binding": "require"}
    with closing(endpoint.connect("stream_writer", **options)) as connection:
        assert first(connection, "select 1") == 1


@pytest.mark.parametrize("address", [HOST, LISTED, ELSEWHERE])
def test_plain_text_is_refused(endpoint: Endpoint, address: str) -> None:
    with (
        through(address, endpoint.port) as port,
        pytest.raises(psycopg.OperationalError, match=rf"{REJECTED}.*no encryption"),
    ):
        endpoint.connect(port=port, sslmode="disable")


def test_tls_1_1_is_refused(endpoint: Endpoint) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with socket.create_connection((HOST, endpoint.port), 10) as plain:
        plain.sendall(SSL_REQUEST)
        assert plain.recv(1) == b"S"
        with pytest.raises(ssl.SSLError, match="TLSV1_ALERT_PROTOCOL_VERSION"):
            context.wrap_socket(plain)


def test_another_authority_is_not_believed(endpoint: Endpoint, tmp_path: Path) -> None:
    other = tmp_path / "other.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other"]
    keys = ["-keyout", str(tmp_path / "other.key"), "-out", str(other)]
    subprocess.run([*command, *keys], capture_output=True, check=True)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        endpoint.connect(sslrootcert=str(other))


def test_another_name_is_not_believed(endpoint: Endpoint) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"does not match host name \"db\.example"):
        endpoint.connect(host="db.example.org")


@pytest.mark.parametrize("address", [LISTED, ELSEWHERE])
@pytest.mark.parametrize(
    "role", ["market_owner", "stream_writer", "dashboard_service", "dashboard_reader", "postgres"]
)
def test_no_other_role_comes_from_outside(endpoint: Endpoint, role: str, address: str) -> None:
    with (
        through(address, endpoint.port) as port,
        pytest.raises(psycopg.OperationalError, match=f'{REJECTED} "{address}", user "{role}"'),
    ):
        endpoint.connect(role, port=port)


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_no_other_database_is_open(endpoint: Endpoint, database: str) -> None:
    with (
        through(LISTED, endpoint.port) as port,
        pytest.raises(psycopg.OperationalError, match=f'{REJECTED}.*database "{database}"'),
    ):
        endpoint.connect(port=port, dbname=database)


def test_an_address_outside_the_list_is_refused(endpoint: Endpoint) -> None:
    with (
        through(ELSEWHERE, endpoint.port) as port,
        pytest.raises(psycopg.OperationalError, match=f'{REJECTED} "{ELSEWHERE}"'),
    ):
        endpoint.connect(port=port)


def test_a_wrong_password_is_refused(endpoint: Endpoint) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        endpoint.connect(password="guessed")


def test_writing_is_refused(endpoint: Endpoint) -> None:
    attempt = "insert into intervals (interval) values ('X')"
    with closing(endpoint.connect()) as connection:
        with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
            connection.execute(attempt.encode())
        with pytest.raises(errors.ReadOnlySqlTransaction):
            connection.execute("create temporary table mine (x int)")
        connection.execute("set default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
            connection.execute(attempt.encode())


def test_nothing_but_the_views_of_bi_can_be_read(endpoint: Endpoint) -> None:
    relations = """
    select format('%I.%I', nspname, relname) from pg_class
    inner join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'v', 'm', 'p') and nspname !~ '^(pg_|information_schema)'
    and has_table_privilege(pg_class.oid, 'select') and has_schema_privilege(nspname, 'usage')
    """
    functions = """
    select proname from pg_proc where has_function_privilege(oid, 'execute')
    and proname ~ '^(pg_read_.*file$|pg_ls_|lo_import|lo_export|pg_stat_file|pg_reload_conf)'
    """
    with closing(endpoint.connect()) as connection:
        readable = [row[0] for row in connection.execute(relations.encode())]
        assert readable != []
        assert {name.partition(".")[0] for name in readable} == {"bi"}
        assert connection.execute(functions.encode()).fetchall() == []


FILES = (
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('/')",
    "select lo_import('/etc/passwd')",
    "copy (select 1) to '/tmp/leak'",
    "copy (select 1) to program 'cat'",
)


@pytest.mark.parametrize("attempt", FILES)
def test_no_file_of_the_server_is_reached(endpoint: Endpoint, attempt: str) -> None:
    with closing(endpoint.connect()) as connection:
        connection.execute("set default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(attempt.encode())


LIMITS = (
    "alter role powerbi_reader connection limit 100",
    "alter system set max_connections = 1000",
    "set temp_file_limit = '1TB'",
    "set session_replication_role = replica",
    "grant pg_read_server_files to powerbi_reader",
)


@pytest.mark.parametrize("attempt", LIMITS)
def test_no_limit_of_the_role_or_the_server_can_be_raised(endpoint: Endpoint, attempt: str) -> None:
    with closing(endpoint.connect()) as connection:
        connection.execute("set default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(attempt.encode())


def test_a_long_query_ends(endpoint: Endpoint) -> None:
    with closing(endpoint.connect()) as connection:
        assert first(connection, "show statement_timeout") == "1min"
        connection.execute("set statement_timeout = '500ms'")
        with pytest.raises(errors.QueryCanceled, match="due to statement timeout"):
            connection.execute("select pg_sleep(60)")


@pytest.fixture
def soon(endpoint: Endpoint) -> Iterator[Endpoint]:
    """Let the guard end after moments what it ends after minutes, and migrate afterwards."""
    with closing(endpoint.connect(ADMINISTRATOR, dbname="postgres")) as administrator:
        administrator.execute(
            "update guard.readers set longest_query = '1 second', longest_transaction = "
            "'12 seconds', longest_idle = '4 seconds' where role = 'powerbi_reader'"
        )
        yield endpoint
    endpoint.migrate()


def test_a_long_query_ends_also_where_its_limit_was_raised(soon: Endpoint) -> None:
    with closing(soon.connect()) as connection:
        connection.execute("set statement_timeout = 0")
        with pytest.raises(errors.QueryCanceled, match="due to user request"):
            connection.execute("select pg_sleep(60)")
        assert first(connection, "select 1") == 1


OUTLASTING = {
    "a query that handles its cancellation": """
        do $$ begin
            loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop;
        end $$
    """,
    "an idle transaction": "begin; select 1",
    "an idle session": "select 1",
    "an idle session with a cursor": "declare kept cursor with hold for select 1",
}


@pytest.mark.parametrize("statement", OUTLASTING.values(), ids=OUTLASTING)
def test_what_outlasts_a_cancellation_ends_with_its_session(soon: Endpoint, statement: str) -> None:
    alive = "select count(*) from pg_stat_activity where application_name = 'outlasting'"
    with (
        ThreadPoolExecutor() as pool,
        closing(soon.connect(ADMINISTRATOR)) as administrator,
        closing(soon.connect(application_name="outlasting")) as connection,
    ):
        connection.execute("set statement_timeout = 0; set idle_session_timeout = 0")
        connection.execute("set idle_in_transaction_session_timeout = 0")
        running = pool.submit(connection.execute, statement.encode())
        wait_for(lambda: first(administrator, alive) == 0, "the end of the session", 30)
        if statement.strip().startswith("do"):
            assert isinstance(running.exception(), errors.AdminShutdown)


def test_a_transaction_of_many_short_queries_ends(soon: Endpoint) -> None:
    with closing(soon.connect()) as connection:
        connection.execute("begin")

        def ask_for(seconds: float) -> None:
            begun = time.monotonic()
            while time.monotonic() < begun + seconds:
                connection.execute("select pg_sleep(0.2)")

        with pytest.raises(errors.AdminShutdown):
            ask_for(seconds=40)


def test_what_a_reader_changes_of_its_role_lasts_no_longer_than_a_moment(
    endpoint: Endpoint,
) -> None:
    kept = "select array_agg(setconfig::text) from pg_db_role_setting where setrole = %s::regrole"

    def settings(role: str) -> object:
        with closing(endpoint.connect(ADMINISTRATOR)) as administrator:
            return administrator.execute(kept.encode(), (role,)).fetchone()

    for role in ("powerbi_reader", "dashboard_reader"):
        before = settings(role)
        with closing(endpoint.connect(role)) as connection:
            connection.execute("set default_transaction_read_only = off")
            connection.execute(
                f"alter role {role} set default_transaction_read_only = off".encode()
            )
            connection.execute(f"alter role {role} set statement_timeout = 0".encode())
            connection.execute(
                f"alter role {role} in database market set timezone = 'Zulu'".encode()
            )
            connection.execute(
                f"alter role {role} reset idle_in_transaction_session_timeout".encode()
            )
            connection.execute(f"alter role {role} password 'mine'".encode())
        wait_for(lambda role=role, before=before: settings(role) == before, "the settings", 20)  # type: ignore[misc]
        with closing(endpoint.connect(role)) as connection:
            assert first(connection, "show statement_timeout") in ("30s", "1min")


def test_a_rotated_password_is_not_taken_for_a_readers_own(endpoint: Endpoint) -> None:
    before = endpoint.password("dashboard_reader")
    assert (
        endpoint.secrets(
            "rotate", "dashboard_reader_password", POWERBI_CIDRS="127.9.0.0/16"
        ).returncode
        == 0
    )
    endpoint.migrate()
    deadline = time.monotonic() + 5  # the guard has looked twice
    while time.monotonic() < deadline:
        endpoint.connect("dashboard_reader").close()
        time.sleep(0.2)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        endpoint.connect("dashboard_reader", password=before)


def test_there_is_a_limit_to_the_connections(endpoint: Endpoint) -> None:
    with ExitStack() as opened:
        for _ in range(20):
            opened.enter_context(closing(endpoint.connect()))
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            endpoint.connect()


def test_a_list_and_a_certificate_are_taken_without_a_restart(endpoint: Endpoint) -> None:
    before = served_certificate(endpoint)
    with closing(endpoint.connect()) as held:
        assert endpoint.secrets("renew", POWERBI_CIDRS="127.8.0.0/16").returncode == 0
        wait_for(lambda: served_certificate(endpoint) != before, "the new certificate", 20)

        with through(ELSEWHERE, endpoint.port) as port, closing(endpoint.connect(port=port)) as new:
            assert first(new, "select 1") == 1
        with (
            through(LISTED, endpoint.port) as port,
            pytest.raises(psycopg.OperationalError, match=f'{REJECTED} "{LISTED}"'),
        ):
            endpoint.connect(port=port)
        assert first(held, "select 1") == 1

    assert endpoint.secrets(POWERBI_CIDRS="127.9.0.0/16").returncode == 0
    with through(LISTED, endpoint.port) as port:
        wait_for(lambda: can_connect(endpoint, port), "the list of before", 20)


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
        migrate.restrict_database(drilled, "market_drill")
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


def can_connect(endpoint: Endpoint, port: int) -> bool:
    try:
        endpoint.connect(port=port).close()
    except psycopg.OperationalError:
        return False
    return True
