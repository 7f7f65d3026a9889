"""The integration suite runs against real servers; see tests/fixtures/servers.py."""

from __future__ import annotations

import pytest

from powerbi.doctor.observations import Target
from tests.fixtures.tls_postgres import DATABASE, NAME, TlsPostgres
from tests.integration.powerbi.doctoring import READER


@pytest.fixture
def target(tls_postgres: TlsPostgres) -> Target:
    """Return the good endpoint, as an analyst goes in."""
    password = tls_postgres.passwords[READER]
    return Target(NAME, tls_postgres.port, DATABASE, READER, password, tls_postgres.ca_file)
