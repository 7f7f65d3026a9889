"""What roles are and log in with, whatever they may do."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.local_stack.servers.passwords import ADMINISTRATOR, ROLES
from sql import migrate
from tests.fixtures.market import Market
from tests.integration.database.stored_bars import READERS

SQL = Path(migrate.__file__).parent


def test_nobody_but_the_bootstrap_is_a_superuser_or_anything_near(market: Market) -> None:
    powers = """
    select rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls
    from pg_roles where rolname !~ '^pg_' order by 1
    """
    harmless = [(role, False, False, False, False, False) for role in (*ROLES, "market_reader")]
    wanted = sorted([*harmless, (ADMINISTRATOR, True, True, True, True, True)])
    assert market.rows(powers) == wanted

    members = """
    select member::regrole::text, roleid::regrole::text from pg_auth_members
    where member::regrole::text = any(%s)
    """
    assert sorted(market.rows(members, (list(ROLES),))) == sorted(
        [*((reader, "market_reader") for reader in READERS), ("postgres_exporter", "pg_monitor")]
    )
    [(can_login,)] = market.rows("select rolcanlogin from pg_roles where rolname = 'market_reader'")
    assert can_login is False


def test_another_database_of_the_server_is_not_opened_to_everybody(market: Market) -> None:
    [(granted,)] = market.rows(
        "select count(*) from pg_database, aclexplode(datacl) "
        "where datname = current_database() and grantee = 0"
    )
    assert granted == 0


def test_no_password_stands_in_a_file_and_none_is_stored_readably(market: Market) -> None:
    texts = {file: file.read_text("utf-8") for file in SQL.rglob("*.sql")}
    assert len(texts) >= 5
    for file, text in texts.items():
        assert not re.search(r"password\s+(?!null)['$]|encrypted\s+password", text, re.I), file

    stored = market.rows(
        "select rolname, rolpassword from pg_authid where rolname = any(%s)", (list(ROLES),)
    )
    assert len(stored) == len(ROLES)
    for role, verifier in stored:
        assert verifier.startswith("SCRAM-SHA-256$")
        assert market.address(role).password.reveal() not in verifier
