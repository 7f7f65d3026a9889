"""What the doctor says of a role that is broken, and of views that are slow."""

from __future__ import annotations

import re

import pytest

from powerbi.doctor.observations import Target
from tests.fixtures.tls_postgres import TlsPostgres
from tests.integration.powerbi.doctoring import READER, faults

SINK = "market.sink_offsets"

BROKEN_ROLES = {
    "role can write": (
        f"grant insert on market.events_stream to {READER}; grant usage on schema market to "
        f"{READER}; grant create on schema bi to {READER}",
        f"revoke insert on market.events_stream from {READER}; revoke usage on schema market from "
        f"{READER}; revoke create on schema bi from {READER}",
        "market.events_stream, new objects in schema bi",
    ),
    "role reads beyond bi": (
        f"grant usage on schema market to {READER}; grant select on {SINK} to {READER}",
        f"revoke usage on schema market from {READER}; revoke all on {SINK} from {READER}",
        SINK,
    ),
    "role too powerful": (
        f"alter role {READER} createdb; grant pg_monitor to {READER}",
        f"alter role {READER} nocreatedb; revoke pg_monitor from {READER}",
        "createdb, member of pg_monitor",
    ),
    "view not to be read": (
        "revoke all on bi.candles from market_reader",
        "grant select on bi.candles to market_reader",
        "bi.candles",
    ),
    "view missing": (
        "alter view bi.patterns rename to patterns_of_old",
        "alter view bi.patterns_of_old rename to patterns",
        "bi.patterns",
    ),
    "column missing": (
        "alter view bi.candles rename column rolled_up_from to origin",
        "alter view bi.candles rename column origin to rolled_up_from",
        "bi.candles.rolled_up_from",
    ),
    "write mode is default": (
        f"alter role {READER} reset default_transaction_read_only",
        f"alter role {READER} set default_transaction_read_only = on",
        "default_transaction_read_only is off",
    ),
    "no statement timeout": (
        f"alter role {READER} reset statement_timeout",
        f"alter role {READER} set statement_timeout = '60s'",
        "statement_timeout is 0",
    ),
    "no idle timeout": (
        f"alter role {READER} reset idle_in_transaction_session_timeout",
        f"alter role {READER} set idle_in_transaction_session_timeout = '60s'",
        "idle_in_transaction_session_timeout is 0",
    ),
    "no connection limit": (
        f"alter role {READER} connection limit -1",
        f"alter role {READER} connection limit 20",
        "the role may open any number of connections",
    ),
    "connection limit low": (
        f"alter role {READER} connection limit 4",
        f"alter role {READER} connection limit 20",
        "the role may open 4",
    ),
}


@pytest.mark.parametrize("name", BROKEN_ROLES)
def test_the_role_is_broken(name: str, target: Target, tls_postgres: TlsPostgres) -> None:
    statement, undo, detail = BROKEN_ROLES[name]
    with tls_postgres.after(statement, undo):
        assert (name, detail) in faults(target)
    assert faults(target) == []


def test_a_view_does_not_answer_in_time(target: Target, tls_postgres: TlsPostgres) -> None:
    short = f"alter role {READER} set statement_timeout = '300ms'"
    with (
        tls_postgres.after(short, f"alter role {READER} set statement_timeout = '60s'"),
        tls_postgres.administrator() as other,
    ):
        other.execute("lock table market.bar_indicators in access exclusive mode")
        [(name, detail)] = faults(target)
    assert name == "view too slow"
    assert detail.endswith("57014: canceling statement due to statement timeout")


def test_a_view_is_slower_than_is_borne(target: Target) -> None:
    [(name, detail)] = faults(target, slow_seconds=0.0)
    assert name == "view too slow"
    assert re.fullmatch(r"\w+ took \d\.\d s, more than 0 s", detail)
