"""What the doctor looks at, and what it saw there. Pure values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from powerbi.doctor.certificate_lifetime import Lifetime
from services.common.secret import Secret


@dataclass(frozen=True)
class Target:
    """The endpoint, and as whom to go in; `ca_file` holds the authorities to trust (PEM)."""

    host: str
    port: int
    database: str
    user: str
    password: Secret
    ca_file: Path
    timeout_seconds: float = 10.0


@dataclass(frozen=True)
class Handshake:
    """What was agreed on, and how long the certificate is valid."""

    version: str
    cipher: str
    lifetime: Lifetime


@dataclass(frozen=True)
class Role:
    """What the role is, may do and is held to; settings as pg_settings has them."""

    powers: Sequence[str]
    reads_beyond: Sequence[str]
    writes: Sequence[str]
    settings: Mapping[str, str]
    connection_limit: int


@dataclass(frozen=True)
class Views:
    """Which views of `bi` there are, and the columns of those that the role may read."""

    existing: frozenset[str]
    columns: Mapping[str, frozenset[str]]
