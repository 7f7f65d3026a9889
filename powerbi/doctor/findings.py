"""Observations in, findings out: what is good, what is a fault, and in which words. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from powerbi.doctor.faults import FAULTS
from powerbi.doctor.observations import Handshake, Role, Views
from powerbi.model.definitions import PRICE_BASES, Model

CONNECTIONS_OF_A_REPORT = 10
_SHOWN = 4


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: `name` is of a check, or, for a fault, that of the fault."""

    level: Literal["ok", "note", "fault"]
    name: str
    detail: str
    power_bi_says: str = ""
    remedy: str = ""


def fault(name: str, detail: str) -> Finding:
    """Return the finding of a fault that FAULTS describes."""
    words = FAULTS[name]
    return Finding("fault", name, detail, words.power_bi_says, words.remedy)


def judge_host(host: str) -> Iterator[Finding]:
    """Tell what is not proven: whether Windows compares an address with a certificate."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    yield Finding(
        "note",
        "host is an address",
        f"nobody has seen Power BI accept an address in a certificate; prefer a name to {host}",
    )


def judge_handshake(agreed: Handshake, now: datetime) -> Iterator[Finding]:
    """Tell what was agreed on, and whether the certificate ends soon."""
    until = agreed.lifetime.end
    yield Finding(
        "ok", "TLS", f"{agreed.version}, {agreed.cipher}; certificate until {until:%Y-%m-%d}"
    )
    if agreed.lifetime.ends_soon(now):
        left = f"{agreed.lifetime.left(now)}; see that it is renewed"
        yield Finding("note", "certificate ends soon", left)


def judge_role(role: Role) -> Iterator[Finding]:
    """Yield a fault for every right too many and every bound that is missing; else one ok."""
    found = [*_rights(role), *_bounds(role)]
    if not found:
        limit = f"at most {role.connection_limit} connections"
        yield Finding("ok", "role", f"reads schema bi alone, is bounded in time, {limit}")
    yield from found


def _rights(role: Role) -> Iterator[Finding]:
    if role.powers:
        yield fault("role too powerful", _listed(role.powers))
    if role.writes:
        yield fault("role can write", _listed(role.writes))
    if role.reads_beyond:
        yield fault("role reads beyond bi", _listed(role.reads_beyond))


def _bounds(role: Role) -> Iterator[Finding]:
    def is_off(name: str) -> bool:
        return role.settings.get(name, "0") in ("0", "off")

    for name, missing in (
        ("default_transaction_read_only", "write mode is default"),
        ("statement_timeout", "no statement timeout"),
        ("idle_in_transaction_session_timeout", "no idle timeout"),
    ):
        if is_off(name):
            yield fault(missing, f"{name} is {role.settings.get(name, 'not set')}")
    if role.connection_limit < 0:
        yield fault("no connection limit", "the role may open any number of connections")
    elif role.connection_limit < CONNECTIONS_OF_A_REPORT:
        yield fault("connection limit low", f"the role may open {role.connection_limit}")


def judge_views(views: Views, model: Model) -> Iterator[Finding]:
    """Yield a fault for what the model names and the role does not find; else one ok."""
    wanted = {
        table.view_on(basis): {column.name for column in table.columns}
        for table in model.tables
        for basis in PRICE_BASES
    }
    missing = sorted(wanted.keys() - views.existing)
    unreadable = sorted((wanted.keys() & views.existing) - views.columns.keys())
    lacking = sorted(
        f"{view}.{column}"
        for view, columns in wanted.items()
        if view in views.columns
        for column in columns - views.columns[view]
    )
    if missing:
        yield fault("view missing", _listed([f"bi.{view}" for view in missing]))
    if unreadable:
        yield fault("view not to be read", _listed([f"bi.{view}" for view in unreadable]))
    if lacking:
        yield fault("column missing", _listed([f"bi.{column}" for column in lacking]))
    if not (missing or unreadable or lacking):
        yield Finding("ok", "views", f"all {len(wanted)} that the report reads are there")


def judge_speed(visual: str, seconds: float, visuals: int, slow_seconds: float) -> Finding:
    """Judge the slowest visual of all."""
    if seconds > slow_seconds:
        detail = f"{visual} took {seconds:.1f} s, more than {slow_seconds:g} s"
        return fault("view too slow", detail)
    return Finding(
        "ok", "answer time", f"{visuals} visuals, the slowest {visual} {1000 * seconds:.0f} ms"
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
