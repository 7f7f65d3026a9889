"""Goes through an endpoint in the order in which Power BI meets it, and says what it found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from powerbi.doctor import database, findings, wire
from powerbi.doctor.faults import RefusedError
from powerbi.doctor.findings import Finding
from powerbi.doctor.observations import Target
from powerbi.model.semantic_model import MODEL
from powerbi.queries import visual_query
from powerbi.report import fields, pages


def examine(target: Target, now: datetime, slow_seconds: float) -> Iterator[Finding]:
    """Yield findings as they come; after a fault that hides what lies behind it, no more."""
    try:
        address = wire.reach(target)
        yield Finding("ok", "reached", f"{target.host}:{target.port} at {address}")
        yield from findings.judge_host(target.host)
        yield from _plain_text(target)
        yield from findings.judge_handshake(wire.shake_hands(target), now)
        wire.log_in(target)
        yield Finding("ok", "login", f"{target.user} by SCRAM-SHA-256, without channel binding")
        with database.opened(target) as opened:
            yield from _database(opened, slow_seconds)
    except RefusedError as refused:
        yield findings.fault(refused.fault, refused.detail)


def _plain_text(target: Target) -> Iterator[Finding]:
    """A fault here does not hide what lies behind it."""
    try:
        answer = wire.require_plain_text_refused(target)
    except RefusedError as refused:
        yield findings.fault(refused.fault, refused.detail)
    else:
        yield Finding("ok", "plain text refused", answer)


def _database(opened: database.Session, slow_seconds: float) -> Iterator[Finding]:
    yield from findings.judge_role(opened.role())
    found = [*findings.judge_views(opened.views(), MODEL)]
    yield from found
    if all(finding.level == "ok" for finding in found):
        yield _speed(opened, slow_seconds)


def _speed(opened: database.Session, slow_seconds: float) -> Finding:
    """Send what each visual sends for the newest session. Raises RefusedError for a failure."""
    try:
        newest = opened.newest()
    except RefusedError as refused:
        raise RefusedError(refused.fault, f"bi.latest_quote: {refused.detail}") from None
    if newest is None:
        return Finding("note", "no bars", "nothing is stored yet, so no answer could be timed")
    symbol, interval, session_date = newest
    chosen = {
        fields.SYMBOL: literal(symbol),
        fields.INTERVAL: literal(interval),
        fields.SESSION: f"timestamp {literal(session_date + ' 00:00:00')}",
    }
    taken: dict[str, float] = {}
    for page in pages.report(symbol, interval).pages:
        for visual in page.visuals:
            try:
                bounds = {} if visual.kind == "slicer" else chosen
                query = visual_query(MODEL, visual, bounds)
                taken[visual.name] = opened.seconds(query)
            except RefusedError as refused:
                raise RefusedError(refused.fault, f"{visual.name}: {refused.detail}") from None
    slowest = max(taken, key=lambda name: taken[name])
    return findings.judge_speed(slowest, taken[slowest], len(taken), slow_seconds)


def literal(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
