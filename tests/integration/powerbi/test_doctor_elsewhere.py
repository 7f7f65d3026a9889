"""The doctor names what answers in the place of a server, or does not, and tells it in words."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
import trustme

from powerbi import __main__ as command_line
from powerbi.doctor.faults import FAULTS
from powerbi.doctor.observations import Target
from powerbi.doctor.protocol import SSL_REQUEST, read_message
from scripts.local_stack.servers.ports import HOST, free_ports
from tests.fixtures.tls_postgres import NAME, TlsPostgres
from tests.integration.powerbi.doctoring import READER, faults


def test_the_command_line_tells_faults_and_remedies(
    target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["doctor", f"{NAME}:{target.port}", "--ca", str(target.ca_file)]

    good = command_line.main(arguments, {"POWERBI_READER_PASSWORD": target.password.reveal()})
    output = capsys.readouterr()
    assert (good, output.err) == (0, "")
    assert len(output.out.splitlines()) == 7
    assert target.password.reveal() not in output.out

    wrong = {"POWERBI_READER_PASSWORD": "not-the-password"}
    assert command_line.main(arguments, wrong) == 1
    told = capsys.readouterr().out
    words = FAULTS["wrong password"]
    assert told.splitlines()[-3:] == [
        f'FAULT wrong password: 28P01: password authentication failed for user "{READER}"',
        f"      Power BI shows: {words.power_bi_says}",
        f"      do: {words.remedy}",
    ]
    assert "not-the-password" not in told

    assert command_line.main([*arguments, "--json"], wrong) == 1
    listed = json.loads(capsys.readouterr().out)
    assert [item["level"] for item in listed] == ["ok", "ok", "ok", "fault"]

    assert command_line.main(arguments, {}) == 2
    assert "POWERBI_READER_PASSWORD is not set" in capsys.readouterr().err


def test_nothing_listens(target: Target) -> None:
    (port,) = free_ports(1)
    assert faults(replace(target, port=port)) == [
        ("unreachable", f"localhost:{port}: Connection refused")
    ]


def test_the_host_is_unknown(target: Target) -> None:
    [(name, detail)] = faults(replace(target, host="no-such-host.invalid"))
    assert name == "host unknown"
    assert detail.startswith("no-such-host.invalid: ")


@contextmanager
def stand_in(answers: bytes, authority: trustme.CA | None) -> Iterator[int]:
    """Answer SSLRequest (with TLS if there is an authority), then each startup with `answers`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if authority:
        authority.issue_cert(NAME).configure_cert(context)
    listener = socket.create_server((HOST, 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with ExitStack() as stack:
                stack.enter_context(client)
                if client.recv(8) != SSL_REQUEST:
                    continue  # plain text: closed without an answer
                if authority is None:
                    client.sendall(answers)
                    continue
                client.sendall(b"S")
                secure = stack.enter_context(context.wrap_socket(client, server_side=True))
                # Nothing comes where only TLS was tried.
                if b"ssl_renegotiation_limit\x000\x00" in secure.recv(10_000):
                    secure.sendall(answers)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
        assert not thread.is_alive()


def message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!I", len(content) + 4) + content


PGBOUNCER = "unsupported startup parameter: ssl_renegotiation_limit"
STAND_INS = {
    "startup parameter refused": (
        message(b"E", f"SFATAL\0C08P01\0M{PGBOUNCER}\0\0".encode()),
        f"08P01: {PGBOUNCER}",
    ),
    "channel binding demanded": (
        message(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256-PLUS\0\0"),
        "the server offers SCRAM-SHA-256-PLUS",
    ),
    "weak authentication": (
        message(b"R", struct.pack("!I", 0)),
        "the server asks for no password at all",
    ),
}


@pytest.mark.parametrize("name", STAND_INS)
def test_a_proxy_or_another_server_answers(
    name: str, target: Target, tls_postgres: TlsPostgres
) -> None:
    answers, detail = STAND_INS[name]
    with stand_in(answers, tls_postgres.authority) as port:
        assert faults(replace(target, port=port)) == [(name, detail)]


def test_something_else_listens(target: Target) -> None:
    with stand_in(b"HTTP/1.1 400 Bad Request\r\n", None) as port:
        assert faults(replace(target, port=port)) == [
            ("not PostgreSQL", "the answer to SSLRequest is b'H'")
        ]


def test_a_server_that_says_nothing_does_not_hold_the_doctor(target: Target) -> None:
    with socket.create_server((HOST, 0)) as silent:
        port = silent.getsockname()[1]
        assert faults(replace(target, port=port, timeout_seconds=0.2)) == [
            ("not PostgreSQL", "no answer to SSLRequest: timed out")
        ]


def test_a_host_that_cannot_be_a_name_is_unknown(target: Target) -> None:
    [(name, _)] = faults(replace(target, host="a..b"))
    assert name == "host unknown"


def test_messages_are_read_whole_or_not_at_all() -> None:
    mine, other = socket.socketpair()
    with mine, other:
        other.sendall(message(b"Z", b"I") + b"R\0")
        assert read_message(mine) == (b"Z", b"I")
        other.shutdown(socket.SHUT_WR)
        with pytest.raises(EOFError, match="closed the connection"):
            read_message(mine)
