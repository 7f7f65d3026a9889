"""What an SQLSTATE means: only faults of the data may ever reject a row."""

from __future__ import annotations

import pytest

from services.stream.sqlstate import DatabaseError, Fault, classify


@pytest.mark.parametrize(
    ("sqlstate", "fault"),
    [
        pytest.param(None, Fault.ENVIRONMENT, id="connection broke"),
        pytest.param("08006", Fault.ENVIRONMENT, id="08 connection failure"),
        pytest.param("08P01", Fault.ENVIRONMENT, id="08 protocol violation"),
        pytest.param("40001", Fault.ENVIRONMENT, id="40 serialization failure"),
        pytest.param("40P01", Fault.ENVIRONMENT, id="40 deadlock"),
        pytest.param("53100", Fault.ENVIRONMENT, id="53 disk full"),
        pytest.param("53200", Fault.ENVIRONMENT, id="53 out of memory"),
        pytest.param("53300", Fault.ENVIRONMENT, id="53 too many connections"),
        pytest.param("57014", Fault.ENVIRONMENT, id="57 statement timeout"),
        pytest.param("57P01", Fault.ENVIRONMENT, id="57 server shuts down"),
        pytest.param("57P03", Fault.ENVIRONMENT, id="57 server starts"),
        pytest.param("58030", Fault.ENVIRONMENT, id="58 input or output error"),
        pytest.param("55P03", Fault.ENVIRONMENT, id="55P03 lock not available"),
        pytest.param("25006", Fault.ENVIRONMENT, id="25006 read-only server"),
        pytest.param("22003", Fault.DATA, id="22 number out of range"),
        pytest.param("22008", Fault.DATA, id="22 date out of range"),
        pytest.param("22021", Fault.DATA, id="22 character not in repertoire"),
        pytest.param("22P04", Fault.DATA, id="22 bad COPY format"),
        pytest.param("23502", Fault.DATA, id="23 not null"),
        pytest.param("23514", Fault.DATA, id="23 check"),
        pytest.param("42P01", Fault.UNKNOWN, id="42 undefined table"),
        pytest.param("42501", Fault.UNKNOWN, id="42 no right"),
        pytest.param("21000", Fault.UNKNOWN, id="21 same row twice"),
        pytest.param("25P02", Fault.UNKNOWN, id="25 transaction has failed"),
        pytest.param("55000", Fault.ENVIRONMENT, id="55000 not in this state"),
        pytest.param("55P02", Fault.UNKNOWN, id="55 a setting that cannot be changed"),
        pytest.param("28P01", Fault.UNKNOWN, id="28 wrong password"),
        pytest.param("3D000", Fault.UNKNOWN, id="3D no such database"),
        pytest.param("P0001", Fault.UNKNOWN, id="P0 raised by a function"),
        pytest.param("XX001", Fault.UNKNOWN, id="XX data corrupted"),
        pytest.param("", Fault.UNKNOWN, id="no class at all"),
    ],
)
def test_each_class_has_its_answer(sqlstate: str | None, fault: Fault) -> None:
    error = DatabaseError("one line", sqlstate)

    assert classify(sqlstate) is fault
    assert (str(error), error.sqlstate, error.fault) == ("one line", sqlstate, fault)
