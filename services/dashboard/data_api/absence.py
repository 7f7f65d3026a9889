"""What is said where there is nothing: unknown symbols are refused, an empty page has a note."""

from __future__ import annotations

from datetime import date
from typing import Final

from fastapi import HTTPException

from services.dashboard.connection_pool import Database
from services.dashboard.data_api.dataset import Dataset
from services.dashboard.data_api.paging import Wanted, bounds

NOTE: Final = "X-Note"
"""The header that has the note of an empty page; files have no place for it."""

_UNKNOWN: Final = """
select wanted.symbol from unnest(%s::text[]) with ordinality as wanted (symbol, place)
where not exists (select from bi.symbols as stored where stored.symbol = wanted.symbol)
order by wanted.place
"""


async def require_known_symbols(database: Database, dataset: Dataset, wanted: Wanted) -> None:
    """Refuse symbols of which nothing is stored, so that a slip does not look like a quiet day."""
    if not wanted.symbols:
        return
    unknown = [str(row[0]) for row in await database.rows(_UNKNOWN, (list(wanted.symbols),))]
    if unknown and dataset.names_others:
        read = f"select distinct symbol from {dataset.view} where symbol = any(%s)"  # noqa: S608 - a constant
        named = {row[0] for row in await database.rows(read, (unknown,))}
        unknown = [symbol for symbol in unknown if symbol not in named]
    if unknown:
        raise HTTPException(
            404, f"nothing of {', '.join(unknown)} is stored; /api/symbols lists what is"
        )


def note_of(dataset: Dataset, wanted: Wanted) -> str:
    """Return what is said of a page without rows."""
    if wanted.cursor is not None:
        return f"no more rows of /api/{dataset.name}"
    since, until = bounds(dataset, wanted)
    about = [", ".join(wanted.symbols or wanted.exchanges), wanted.interval or ""]
    about += [f"from {_text(since)}" if since else "", f"to {_text(until)}" if until else ""]
    about += [f"as of {_text(wanted.as_of)}" if wanted.as_of else ""]
    told = " ".join(part for part in about if part)
    return f"no rows of /api/{dataset.name}" + (f" for {told}" if told else "")


def _text(bound: date) -> str:
    return bound.isoformat().replace("+00:00", "Z")
