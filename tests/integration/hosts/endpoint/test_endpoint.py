"""The endpoint that Power BI comes to: what may pass does, every wrong thing fails as it must."""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from scripts.local_stack.servers.ports import HOST
from tests.fixtures.endpoint import Endpoint
from tests.fixtures.live import wait_for
from tests.fixtures.relay import through
from tests.integration.hosts.endpoint.asking import first

LISTED, ELSEWHERE = "127.9.8.7", "127.8.8.7"

SSL_REQUEST = struct.pack("!II", 8, 80877103)

# PostgreSQL before 16 words it so; since then: "no encryption", "SSL encryption".
REJECTED = "pg_hba.conf rejects connection for host"


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
        assert first(connection, "select count(*) from events_stream where symbol = 'NONE'") == 0
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


def can_connect(endpoint: Endpoint, port: int) -> bool:
    try:
        endpoint.connect(port=port).close()
    except psycopg.OperationalError:
        return False
    return True
