"""The few messages of PostgreSQL's protocol that come before the first query: bytes in and out."""

from __future__ import annotations

import socket
import struct
from typing import Final

SSL_REQUEST: Final = struct.pack("!II", 8, 80877103)
TERMINATE: Final = struct.pack("!cI", b"X", 4)
_VERSION: Final = 196608
_MAX_MESSAGE_BYTES: Final = 1_000_000


def startup(user: str, database: str, **parameters: str) -> bytes:
    """Return the message that begins a session, with further parameters as the client sends."""
    everything = {"user": user, "database": database, "client_encoding": "UTF8", **parameters}
    pairs = b"".join(f"{name}\0{value}\0".encode() for name, value in everything.items())
    content = struct.pack("!I", _VERSION) + pairs + b"\0"
    return struct.pack("!I", len(content) + 4) + content


def password(content: bytes) -> bytes:
    """Return the message that answers a request for a password, or for a step of SASL."""
    return b"p" + struct.pack("!I", len(content) + 4) + content


def read_message(stream: socket.socket) -> tuple[bytes, bytes]:
    """Return kind and content of the next message. Raises EOFError or OSError."""
    kind, length = struct.unpack("!cI", _exactly(stream, 5))
    if not 4 <= length <= _MAX_MESSAGE_BYTES:
        raise EOFError("the answer is no message of PostgreSQL")
    return kind, _exactly(stream, length - 4)


def error_fields(body: bytes) -> dict[str, str]:
    """Return an error's fields: C is its SQLSTATE, M its message, both always there."""
    parts = [part.decode(errors="replace") for part in body.split(b"\0") if part]
    return {"C": "?????", "M": "no message", **{part[0]: part[1:] for part in parts}}


def _exactly(stream: socket.socket, size: int) -> bytes:
    content = bytearray()
    while len(content) < size:
        part = stream.recv(size - len(content))
        if not part:
            raise EOFError("the server closed the connection")
        content += part
    return bytes(content)
