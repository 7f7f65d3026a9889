"""What the doctor makes of what it saw."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from powerbi.doctor.certificate_lifetime import Lifetime
from powerbi.doctor.faults import FAULTS
from powerbi.doctor.findings import (
    Finding,
    fault,
    judge_handshake,
    judge_host,
    judge_role,
    judge_speed,
    judge_views,
)
from powerbi.doctor.observations import Handshake, Role, Views
from powerbi.model.definitions import Model
from tests.unit.powerbi import small

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROLE = Role(
    powers=(),
    reads_beyond=(),
    writes=(),
    settings={
        "default_transaction_read_only": "on",
        "statement_timeout": "60000",
        "idle_in_transaction_session_timeout": "60000",
    },
    connection_limit=20,
)
VIEWS = Views(
    frozenset({"symbols", "day_bars", "another"}),
    {
        "symbols": frozenset({"symbol"}),
        "day_bars": frozenset({"symbol", "day", "close", "volume", "more"}),
    },
)


def test_each_fault_has_words_and_a_remedy() -> None:
    for name, words in FAULTS.items():
        assert words.name == name
        assert len(words.power_bi_says) > 10
        assert len(words.remedy) > 10
        assert fault(name, "x") == Finding("fault", name, "x", words.power_bi_says, words.remedy)


def test_a_bounded_role_that_reads_alone_is_good() -> None:
    assert [*judge_role(ROLE)] == [
        Finding("ok", "role", "reads schema bi alone, is bounded in time, at most 20 connections")
    ]


@pytest.mark.parametrize(
    ("role", "name", "detail"),
    [
        (replace(ROLE, powers=["superuser"]), "role too powerful", "superuser"),
        (replace(ROLE, writes=[*"abcdef"]), "role can write", "a, b, c, d and 2 more"),
        (replace(ROLE, reads_beyond=["x.y"]), "role reads beyond bi", "x.y"),
        (
            replace(ROLE, settings={**ROLE.settings, "statement_timeout": "0"}),
            "no statement timeout",
            "statement_timeout is 0",
        ),
        (
            replace(ROLE, connection_limit=-1),
            "no connection limit",
            "the role may open any number of connections",
        ),
        (replace(ROLE, connection_limit=9), "connection limit low", "the role may open 9"),
    ],
)
def test_each_right_too_many_is_a_fault(role: Role, name: str, detail: str) -> None:
    assert [*judge_role(role)] == [fault(name, detail)]


def test_views_that_are_all_there_are_good() -> None:
    assert [*judge_views(VIEWS, small.MODEL)] == [
        Finding("ok", "views", "all 2 that the report reads are there")
    ]


def test_missing_views_and_columns_are_told_apart() -> None:
    nothing = Views(frozenset({"symbols"}), {})
    assert [*judge_views(nothing, small.MODEL)] == [
        fault("view missing", "bi.day_bars"),
        fault("view not to be read", "bi.symbols"),
    ]
    lacking = replace(VIEWS, columns={**VIEWS.columns, "day_bars": frozenset({"symbol", "day"})})
    assert [*judge_views(lacking, small.MODEL)] == [
        fault("column missing", "bi.day_bars.close, bi.day_bars.volume")
    ]


def test_the_view_on_each_basis_is_looked_for() -> None:
    bars = replace(small.BARS, on_each_basis=True)
    assert [*judge_views(VIEWS, Model((small.SYMBOLS, bars)))] == [
        fault("view missing", "bi.day_bars_split_adjusted, bi.day_bars_total_return")
    ]


@pytest.mark.parametrize(
    ("life_hours", "left_hours", "said"),
    [
        (800 * 24, 14 * 24, ""),
        (800 * 24, 14 * 24 - 1, "14 of 800 days left"),
        (90 * 24, 14 * 24, ""),
        (45 * 24, 12 * 24, ""),
        (45 * 24, 11 * 24, "11 of 45 days left"),
        # Let's Encrypt's for a bare address; renewed at the latest when half of it is over.
        (160, 160, ""),
        (160, 80, ""),
        (160, 40, ""),
        (160, 39, "1.6 of 6.7 days left"),
        (160, -24, "-1.0 of 6.7 days left"),
    ],
)
def test_a_certificate_ends_soon_by_the_share_of_its_life(
    life_hours: int, left_hours: int, said: str
) -> None:
    until = NOW + timedelta(hours=left_hours)
    life = Lifetime(until - timedelta(hours=life_hours), until)
    first, *further = judge_handshake(Handshake("TLSv1.2", "AES", life), NOW)
    assert first == Finding("ok", "TLS", f"TLSv1.2, AES; certificate until {until:%Y-%m-%d}")
    noted = Finding("note", "certificate ends soon", f"{said}; see that it is renewed")
    assert further == ([noted] if said else [])


@pytest.mark.parametrize(("host", "count"), [("db.example.org", 0), ("203.0.113.7", 1), ("::1", 1)])
def test_an_address_in_place_of_a_name_is_noted(host: str, count: int) -> None:
    assert [item.level for item in judge_host(host)] == ["note"] * count


def test_the_slowest_visual_decides() -> None:
    assert judge_speed("candles", 0.0304, 7, 2.0) == Finding(
        "ok", "answer time", "7 visuals, the slowest candles 30 ms"
    )
    assert judge_speed("candles", 2.5, 7, 2.0) == fault(
        "view too slow", "candles took 2.5 s, more than 2 s"
    )
