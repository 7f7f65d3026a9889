"""Opens connections as Npgsql 4.0.17 does: TCP, SSLRequest, TLS up to 1.2, startup, SCRAM.

What a server does otherwise than Power BI needs becomes a RefusedError.
"""

from __future__ import annotations

import socket
import ssl
import struct
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from scramp import ScramClient, ScramException

from powerbi.doctor.certificate_lifetime import Lifetime
from powerbi.doctor.faults import RefusedError
from powerbi.doctor.observations import Handshake, Target
from powerbi.doctor.protocol import (
    SSL_REQUEST,
    TERMINATE,
    error_fields,
    password,
    read_message,
    startup,
)

# What Windows offers for TLS 1.2.
_CIPHERS = "ECDHE+AESGCM:DHE+AESGCM:ECDHE+AES:AESGCM:AES:!aNULL:!PSK:!SRP:!AESCCM"
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_VERIFY_FAULTS = {
    9: "certificate not yet valid",
    10: "certificate expired",
    62: "certificate name",
    64: "certificate name",
}
_LOGIN_FAULTS = {
    "28P01": "wrong password",
    "28000": "not let in",
    "3D000": "database missing",
    "53300": "no connection left",
    "08P01": "startup parameter refused",
}
_WEAK = {0: "no password at all", 3: "the password in clear", 5: "md5"}


def trusted_authorities() -> Path | None:
    """Return the file with the authorities that this machine trusts, if it has one."""
    for candidate in (ssl.get_default_verify_paths().cafile, *_BUNDLES):
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    return None


def reach(target: Target) -> str:
    """Open and close a connection; return the address that answered."""
    with _connected(target) as plain:
        return str(plain.getpeername()[0])


def shake_hands(target: Target) -> Handshake:
    """Agree on TLS with chain and name checked; return what was agreed on."""
    with _encrypted(target) as secure:
        shown = secure.getpeercert() or {}
        begin, end = (
            datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown[name])), UTC)
            for name in ("notBefore", "notAfter")
        )
        cipher = secure.cipher()
        return Handshake(str(secure.version()), cipher[0] if cipher else "?", Lifetime(begin, end))


def require_plain_text_refused(target: Target) -> str:
    """Ask to go in without TLS, and return how that was refused."""
    with _connected(target) as plain:
        try:
            plain.sendall(startup(target.user, target.database))
            kind, body = read_message(plain)
        except (OSError, EOFError) as error:
            return f"no answer ({_reason(error)})"
    if kind != b"E":
        raise RefusedError("plain text allowed", "the server asks for a password without TLS")
    return error_fields(body)["M"]


def log_in(target: Target) -> None:
    """Go in with SCRAM-SHA-256, without channel binding, and leave."""
    with _encrypted(target) as secure:
        try:
            secure.sendall(startup(target.user, target.database, ssl_renegotiation_limit="0"))
            _authenticate(secure, target)
            while _checked_message(secure)[0] != b"Z":
                pass
            secure.sendall(TERMINATE)
        except (OSError, EOFError) as error:
            raise RefusedError("login failed", _reason(error)) from None


def _authenticate(secure: ssl.SSLSocket, target: Target) -> None:
    request, offered = _authentication(secure)
    if request in _WEAK:
        raise RefusedError("weak authentication", f"the server asks for {_WEAK[request]}")
    mechanisms = [word.decode() for word in offered.split(b"\0") if word] if request == 10 else []
    if "SCRAM-SHA-256" not in mechanisms:
        fault = "channel binding demanded" if mechanisms else "login failed"
        raise RefusedError(fault, f"the server offers {', '.join(mechanisms) or request}")
    client = _scram_client(target.password.reveal())
    first = client.get_client_first().encode()
    secure.sendall(password(b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first))
    try:
        client.set_server_first(_authentication(secure)[1].decode())
        secure.sendall(password(client.get_client_final().encode()))
        client.set_server_final(_authentication(secure)[1].decode())
    except ScramException as error:
        raise RefusedError("login failed", f"the server does not know the password: {error}") from (
            None
        )


class _Unprepared:
    """A password with characters that SASLprep refuses, such as newer ones than of 2002: PostgreSQL
    takes it as it is, and Npgsql normalizes every password alike."""

    def __init__(self, password_: str) -> None:
        self._bytes = unicodedata.normalize("NFKC", password_).encode()

    def __bytes__(self) -> bytes:
        return self._bytes


def _scram_client(password_: str) -> ScramClient:
    # The server knows the user from the startup message, and looks at no name here.
    try:
        return ScramClient(["SCRAM-SHA-256"], "*", password_)
    except ScramException:
        client = ScramClient(["SCRAM-SHA-256"], "*", "*")
        client.password = _Unprepared(password_)
        return client


def _authentication(secure: ssl.SSLSocket) -> tuple[int, bytes]:
    kind, body = _checked_message(secure)
    if kind != b"R" or len(body) < 4:
        raise RefusedError("login failed", f"an unexpected message {kind!r}")
    return struct.unpack("!I", body[:4])[0], body[4:]


@contextmanager
def _connected(target: Target) -> Iterator[socket.socket]:
    try:
        plain = socket.create_connection((target.host, target.port), target.timeout_seconds)
    except (socket.gaierror, UnicodeError) as error:
        raise RefusedError("host unknown", f"{target.host}: {_reason(error)}") from None
    except OSError as error:
        place = f"{target.host}:{target.port}"
        raise RefusedError("unreachable", f"{place}: {_reason(error)}") from None
    with plain:
        yield plain


@contextmanager
def _encrypted(target: Target, name_matters: bool = True) -> Iterator[ssl.SSLSocket]:
    context = _context(target)
    context.check_hostname = name_matters
    with _connected(target) as plain:
        _request_tls(plain)
        try:
            secure = context.wrap_socket(plain, server_hostname=target.host)
        except ssl.SSLCertVerificationError as error:
            raise _certificate_fault(target, error) from None
        except (ssl.SSLError, OSError) as error:
            raise _handshake_fault(target, error) from None
        with secure:
            yield secure


def _context(target: Target) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.load_verify_locations(target.ca_file)
    return context


def _request_tls(plain: socket.socket) -> None:
    try:
        plain.sendall(SSL_REQUEST)
        answer = plain.recv(1)
    except OSError as error:
        raise RefusedError("not PostgreSQL", f"no answer to SSLRequest: {_reason(error)}") from None
    if answer == b"N":
        raise RefusedError("TLS off", "the server answers that it has no TLS")
    if answer != b"S":
        raise RefusedError("not PostgreSQL", f"the answer to SSLRequest is {answer!r}")


def _certificate_fault(target: Target, error: ssl.SSLCertVerificationError) -> RefusedError:
    fault = _VERIFY_FAULTS.get(error.verify_code, "certificate untrusted")
    if fault != "certificate name":
        return RefusedError(fault, error.verify_message)
    with _encrypted(target, name_matters=False) as secure:
        names = [str(pair[1]) for pair in (secure.getpeercert() or {}).get("subjectAltName", ())]
    held = ", ".join(names) or "no name at all"
    return RefusedError(fault, f"{target.host} is not in the certificate, which holds {held}")


def _handshake_fault(target: Target, error: OSError) -> RefusedError:
    """Tell a server that speaks TLS 1.3 alone from one that fails otherwise."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with _connected(target) as plain:
        _request_tls(plain)
        try:
            with context.wrap_socket(plain, server_hostname=target.host):
                return RefusedError("TLS too new", "the server speaks TLS 1.3 alone")
        except OSError:
            return RefusedError("TLS failed", _reason(error))


def _checked_message(secure: ssl.SSLSocket) -> tuple[bytes, bytes]:
    kind, body = read_message(secure)
    if kind == b"E":
        fields = error_fields(body)
        fault = _LOGIN_FAULTS.get(fields["C"], "login failed")
        raise RefusedError(fault, f"{fields['C']}: {fields['M']}")
    return kind, body


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or f"{error}" or type(error).__name__
