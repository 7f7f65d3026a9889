"""The candles of a chart with their bands, as `chart_sql` asks for them: a series in, rows out.

Bands look back across splits. On the split-adjusted and the total-return basis closes do that by
themselves; as traded, the bands are those of the split-adjusted closes, each on its candle's basis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.dashboard.connection_pool import Database
from services.dashboard.data_api.dataset import AS_TRADED
from services.dashboard.live.subscribers import Watch
from services.dashboard.page_api.actions import Actions, effective_basis
from services.dashboard.page_api.chart_sql import CANDLE_COLUMNS

Row = tuple[Any, ...]

_EVEN: Final = "split_adjusted"
_CLOSE: Final = CANDLE_COLUMNS.index("close")
_BANDS: Final = slice(CANDLE_COLUMNS.index("upper"), CANDLE_COLUMNS.index("volatility"))
_VOLATILITY: Final = _BANDS.stop


async def candle_rows(
    database: Database,
    statements: Mapping[str, Mapping[str, str]],
    watch: Watch,
    actions: Actions,
    query: Mapping[str, Any],
) -> list[Row]:
    """Return candles by one of the statements that are by basis and interval. Raises
    DatabaseError."""
    basis = effective_basis(actions, watch)
    rows = await database.rows(statements[basis][watch.interval], query)
    if basis != AS_TRADED or not actions[watch]:
        return rows
    even = await database.rows(statements[_EVEN][watch.interval], query)
    return across_splits(rows, even)


def across_splits(traded: list[Row], even: list[Row]) -> list[Row]:
    """Return candles as traded with the bands of their closes on the split-adjusted basis."""
    even_of = {row[0]: row for row in even}
    return [_across_splits(row, even_of[row[0]]) for row in traded if row[0] in even_of]


def _across_splits(traded: Row, even: Row) -> Row:
    ratio = traded[_CLOSE] / even[_CLOSE]
    bands = [None if band is None else band * ratio for band in even[_BANDS]]
    return (
        *traded[: _BANDS.start],
        *bands,
        *even[_VOLATILITY : _VOLATILITY + 1],
        *traded[_VOLATILITY + 1 :],
    )
