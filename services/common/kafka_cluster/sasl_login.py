"""A login to a broker in Kafka's own words: what it offers, and whether it takes a password.

The clients tell neither: while a broker refuses them they say no more than that none answered in
time. In: an open connection. Out: mechanisms, or the broker's reason.
https://kafka.apache.org/protocol#sasl_handshake, RFC 5802 (SCRAM).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from typing import Final, Protocol

from services.common.kafka_cluster.cluster import PLAIN, KafkaCluster

_HANDSHAKE: Final = (17, 1)
_AUTHENTICATE: Final = (36, 0)
_UNSUPPORTED_MECHANISM: Final = 33
_NOT_ASKED: Final = 34
_LARGEST_ANSWER: Final = 65_536
_HASHES: Final = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}


class Connection(Protocol):
    """The part of a socket that is used, with TLS or without."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of it."""

    def recv(self, size: int, /) -> bytes:
        """Return some bytes; none at the end."""


class NotKafkaError(Exception):
    """What answered did not do so in Kafka's words, or it closed the connection."""


class LoginRefusedError(Exception):
    """The broker does not take user and password; the message is its own."""


def offered(connection: Connection, mechanism: str) -> tuple[str, ...] | None:
    """Ask for a mechanism; return those that the listener offers, None if it asks for no user.

    Raises NotKafkaError and OSError.
    """
    answer = _Answer(_ask(connection, *_HANDSHAKE, _text(mechanism)))
    code = answer.integer(2)
    if code == _NOT_ASKED:
        return None
    if code not in (0, _UNSUPPORTED_MECHANISM):
        raise NotKafkaError
    return tuple(answer.counted(2).decode() for _ in range(answer.integer(4)))


def log_in(connection: Connection, cluster: KafkaCluster) -> None:
    """Log in by the mechanism that was asked for.

    Raises LoginRefusedError, NotKafkaError and OSError.
    """
    password = cluster.password.reveal()
    if cluster.mechanism == PLAIN:
        _authenticate(connection, f"\0{cluster.user}\0{password}".encode())
        return
    nonce = secrets.token_hex(16)
    first = f"n={cluster.user},r={nonce}"
    server_first = _authenticate(connection, f"n,,{first}".encode()).decode()
    told = dict(part.partition("=")[::2] for part in server_first.split(","))
    try:
        salt, rounds = base64.b64decode(told["s"]), int(told["i"])
        final = f"c=biws,r={told['r']}"
    except (KeyError, ValueError):
        raise NotKafkaError from None
    proof = _proof(
        _HASHES[cluster.mechanism],
        hashlib.pbkdf2_hmac(_HASHES[cluster.mechanism], password.encode(), salt, rounds),
        f"{first},{server_first},{final}".encode(),
    )
    _authenticate(connection, f"{final},p={base64.b64encode(proof).decode()}".encode())


def _proof(hashed: str, salted: bytes, said: bytes) -> bytes:
    client_key = hmac.digest(salted, b"Client Key", hashed)
    signature = hmac.digest(hashlib.new(hashed, client_key).digest(), said, hashed)
    return bytes(left ^ right for left, right in zip(client_key, signature, strict=True))


def _authenticate(connection: Connection, told: bytes) -> bytes:
    answer = _Answer(_ask(connection, *_AUTHENTICATE, struct.pack(">i", len(told)) + told))
    code, reason = answer.integer(2), answer.counted(2).decode(errors="replace")
    if code != 0:
        raise LoginRefusedError(" ".join(reason.split()) or f"error {code}")
    return answer.counted(4)


def _ask(connection: Connection, key: int, version: int, body: bytes) -> bytes:
    head = struct.pack(">hhi", key, version, 1) + _text("tapeline-look")
    connection.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
    (size,) = struct.unpack(">i", _receive(connection, 4))
    if not 4 <= size <= _LARGEST_ANSWER:
        raise NotKafkaError
    return _receive(connection, size)[4:]


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">h", len(encoded)) + encoded


def _receive(connection: Connection, size: int) -> bytes:
    received = b""
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            raise NotKafkaError
        received += piece
    return received


class _Answer:
    """Reads an answer from its beginning on. Every method raises NotKafkaError at its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def integer(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big", signed=True)

    def counted(self, size_size: int) -> bytes:
        return self._take(max(0, self.integer(size_size)))

    def _take(self, size: int) -> bytes:
        taken, self._data = self._data[:size], self._data[size:]
        if len(taken) < size:
            raise NotKafkaError
        return taken
