"""The stored bars that files go on from: of each series of each file the one next to its last bar.

In come surveys of files, out go stored bars, for each file its own: a series may be in several
files, which end decades apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.stream.importing.checks import Stored, StoredBar
from services.stream.importing.survey import FileSurvey
from services.stream.sink.postgres import Session

_READ = """
select wanted.file, wanted.symbol, wanted.interval, bar.session_date, bar.close, bar.basis
from unnest(%s::int[], %s::text[], %s::text[], %s::timestamptz[])
    as wanted (file, symbol, interval, bar_time)
cross join lateral (
    select session_date, close, basis from market.events_stream as stored
    where stored.symbol = wanted.symbol and stored.interval = wanted.interval
        and stored.bar_time > wanted.bar_time - interval '30 days'
        and stored.bar_time < wanted.bar_time + interval '30 days'
    order by abs(extract(epoch from stored.bar_time - wanted.bar_time)) limit 1
) as bar
"""


def read_stored(session: Session, surveys: Sequence[FileSurvey]) -> list[Stored]:
    """Return of each file the stored bars next to its last ones. Raises DatabaseError."""
    wanted = [
        (file, *key, f"{series.last.exchange_time}+00")
        for file, found in enumerate(surveys)
        for key, series in found.series.items()
    ]
    stored: list[dict[tuple[str, str], StoredBar]] = [{} for _ in surveys]
    if wanted:
        columns = tuple(map(list, zip(*wanted, strict=True)))
        for file, symbol, interval, *bar in session.fetch(_READ, columns):
            stored[file][symbol, interval] = StoredBar(*bar)
    return list(stored)
