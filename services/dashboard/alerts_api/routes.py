"""Rules of alerts by the API: made, changed, ended, and counted over the stored past.

Lists of rules and of alerts are tables of the data API. Whatever changes something needs the
dashboard's password, and a header that a page of another site cannot send along with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query, Request
from pydantic import BaseModel

from services.dashboard.alerts_api.alerts_client import AlertsClient, RefusedError
from services.dashboard.alerts_api.bodies import BODY, rule_of
from services.dashboard.data_api.formats import instant_text
from services.dashboard.data_api.queries import Moment, utc_instant
from services.dashboard.data_api.routes import PROBLEMS, Problem


class Refusal(BaseModel):
    """What is wrong: with the rule, in a line; with parameters, in a list."""

    detail: str | list[dict[str, Any]]


WRITES: Final = "tapeline"
_PAST: Final = timedelta(days=30)
_CLOSED: Final = (
    "changes need a password: set DASHBOARD_PASSWORD (containers: secrets/dashboard/password)"
)
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    **PROBLEMS,
    403: {"model": Problem, "description": "No password is set, or the header is missing."},
    404: {"model": Problem, "description": "There is no such rule."},
    409: {"model": Problem, "description": "The name is taken, or the rule is one of the file."},
    413: {"model": Problem, "description": "The body is too long."},
    422: {"model": Refusal, "description": "What is wrong with the rule, in a line."},
    503: {"model": Problem, "description": "The database is away, or the alerts do not run."},
}
RuleId = Annotated[int, Path(ge=1, le=2**53)]
Since = Annotated[
    Moment | None, Query(alias="from", description="Bars from here on; without it, of 30 days.")
]
Until = Annotated[Moment | None, Query(alias="to", description="Bars before this instant.")]
Written = Annotated[
    str, Header(alias="X-Requested-With", description=f"`{WRITES}`: no other site can send it.")
]


class Options(BaseModel):
    """Whether rules can be made here, and whom they can tell."""

    is_running: bool
    may_write: bool
    receivers: list[str]


class Kept(BaseModel):
    """The rule that is in force now; null where one was ended."""

    rule_id: int | None


class OfSymbol(BaseModel):
    """Alerts of a symbol."""

    symbol: str
    alerts: int


class Past(BaseModel):
    """An alert that there would have been."""

    symbol: str
    bar_time: datetime
    session_date: date
    text: str


class Count(BaseModel):
    """How often a rule would have fired; `is_complete` false: there was no time for all bars."""

    alerts: int
    held_back: int
    bars: int
    symbols: int
    is_complete: bool
    by_symbol: list[OfSymbol]
    newest: list[Past]


def alerts_router(client: AlertsClient, now: Callable[[], datetime], *, is_open: bool) -> APIRouter:
    """Return the routes; without a password (`is_open` false) nothing can be changed."""
    router = APIRouter(prefix="/api", tags=["alerts"], responses=_REFUSALS)

    async def require_password() -> None:
        if not is_open:
            raise HTTPException(403, _CLOSED)

    async def require_header(header: Written = "") -> None:
        if header != WRITES:
            raise HTTPException(403, f"send the header X-Requested-With: {WRITES}")

    @router.get("/alert-options", operation_id="get_alert_options")
    async def options() -> Options:
        """Whether rules can be made here, and whom they can tell."""
        if not await client.is_running():
            return Options(is_running=False, may_write=False, receivers=[])
        told = await _answered(client, "options")
        return Options(is_running=True, may_write=is_open, receivers=told["receivers"])

    @router.post(
        "/alert-rules/count", operation_id="count_alerts", response_model=Count,
        dependencies=[Depends(require_header)], openapi_extra=BODY,
    )  # fmt: skip
    async def count(request: Request, since: Since = None, until: Until = None) -> Any:
        """How often a rule would have fired at stored bars; it is not kept."""
        end = utc_instant(until) or now()
        begin = utc_instant(since) or end - _PAST
        if begin >= end:
            raise HTTPException(422, "from must lie before to, which is not included")
        asked = {
            "rule": await rule_of(request),
            "from": instant_text(begin),
            "to": instant_text(end),
        }
        return await _answered(client, "count", **asked)

    _add_changes(router, client, [Depends(require_password), Depends(require_header)])
    return router


def _add_changes(router: APIRouter, client: AlertsClient, writer: list[Any]) -> None:
    @router.post(
        "/alert-rules", status_code=201, operation_id="add_alert_rule", response_model=Kept,
        dependencies=writer, openapi_extra=BODY,
    )  # fmt: skip
    async def add(request: Request) -> Any:
        """Make a rule; it looks at bars that end after now, by the clock of the market."""
        return await _answered(client, "add", rule=await rule_of(request))

    @router.put(
        "/alert-rules/{rule_id}", operation_id="change_alert_rule", response_model=Kept,
        dependencies=writer, openapi_extra=BODY,
    )  # fmt: skip
    async def change(request: Request, rule_id: RuleId) -> Any:
        """Put another rule in the place of one that the API made; it gets another number."""
        return await _answered(client, "change", rule_id=rule_id, rule=await rule_of(request))

    @router.delete(
        "/alert-rules/{rule_id}", operation_id="end_alert_rule", response_model=Kept,
        dependencies=writer,
    )  # fmt: skip
    async def end(rule_id: RuleId) -> Any:
        """End a rule that the API has made; its alerts stay."""
        return await _answered(client, "end", rule_id=rule_id)


async def _answered(client: AlertsClient, kind: str, **asked: Any) -> Any:
    try:
        return await client.answer(kind, **asked)
    except RefusedError as error:
        raise HTTPException(error.status, str(error)) from None
