"""Splits, spin-offs and dividends as the page marks them: rows of the database in, facts out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.dashboard.connection_pool import Database
from services.dashboard.data_api.dataset import AS_TRADED
from services.dashboard.live.subscribers import Watch
from services.dashboard.page_api import sql
from services.dashboard.page_api.ranges import begins


@dataclass(frozen=True)
class Action:
    """A corporate action in force, as a row of sql.ACTIONS."""

    symbol: str
    kind: str
    ex_date: date
    numerator: float | None
    denominator: float | None
    amount: float | None
    price_factor: float | None

    def shown(self, interval: str) -> dict[str, Any]:
        """Return it for a chart: `from` and `until` bound the bars of its day, in Unix seconds."""
        return {
            "kind": self.kind,
            "ex_date": str(self.ex_date),
            "numerator": self.numerator,
            "denominator": self.denominator,
            "amount": self.amount,
            "price_factor": self.price_factor,
            "from": begins(self.symbol, interval, self.ex_date),
            "until": begins(self.symbol, interval, self.ex_date + timedelta(days=1)),
        }


Actions = Mapping[Watch, tuple[Action, ...]]
"""Those in force by series, by their days."""


async def in_force(database: Database, watches: Iterable[Watch]) -> Actions:
    """Return the actions of some series. Raises DatabaseError."""
    found: dict[Watch, tuple[Action, ...]] = dict.fromkeys(watches, ())
    total = [watch for watch in found if watch.basis == "total_return"]
    others = [watch for watch in found if watch.basis != "total_return"]
    for statement, asked in ((sql.ACTIONS_WITH_FACTORS, total), (sql.ACTIONS, others)):
        if not asked:
            continue
        symbols = sorted({watch.symbol for watch in asked})
        actions = [Action(*row) for row in await database.rows(statement, (symbols,))]
        for watch in asked:
            found[watch] = tuple(one for one in actions if one.symbol == watch.symbol)
    return found


def shown(actions: Actions, watch: Watch) -> list[dict[str, Any]]:
    """Return those of a series as its chart shows them."""
    return [action.shown(watch.interval) for action in actions[watch]]


def effective_basis(actions: Actions, watch: Watch) -> str:
    """Return the basis on which the prices have to be asked for: without actions all are one."""
    return watch.basis if actions[watch] else AS_TRADED
