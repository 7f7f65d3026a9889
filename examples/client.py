"""A client of the data API: bars of any range, and every other table, as Arrow, pandas or Polars.

    from examples.client import Client

    client = Client.from_environment()
    table = client.bars("AAPL", interval="1min", since="2026-11-02")
    frame = client.polars(["AAPL", "MSFT"], interval="5min")
    for batch in client.batches(interval="1min"):  # however many: a few megabytes at a time
        ...

Bars come by symbol, interval and bar_time. Where a connection breaks, the client asks for what is
left: no bar comes twice and none is left out of those stored before it began. Each error is an
ApiError of one line.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, Unpack

import pyarrow as pa
from pyarrow import ipc, parquet

from examples.api_connection import ApiConnection, ApiError, BrokenError, BusyError, Query
from examples.remaining_bars import Received, of_symbols, remaining

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

LOCAL: Final = "http://127.0.0.1:8050"
ATTEMPTS: Final = 6
"""How often the same is asked for, if nothing comes."""
_PAGE_ROWS: Final = 50_000
_NEXT: Final = re.compile(r'<([^>]+)>; rel="next"')
# Threads of Arrow that still hold objects of Python's end a process that ends with an abort.
_IN_THIS_THREAD: Final = ipc.IpcReadOptions(use_threads=False)
_LONGEST_WAIT_SECONDS: Final = 30.0
_KEY: Final = ("symbol", "interval", "bar_time")

Symbols = str | Sequence[str]
Moment = str | date | datetime
Interval = Literal["1min", "5min", "15min", "30min", "60min", "1d"]


class BarOptions(TypedDict, total=False):
    """What may be said of the bars wanted. Without `interval` there are those of all; `since` is
    included, `until` is not, and a date is its midnight in UTC. `decimals`: prices and volumes as
    float64, or exactly as decimal(38, 10)."""

    interval: Interval
    since: Moment
    until: Moment
    columns: Sequence[str]
    basis: Literal["as_traded", "split_adjusted", "total_return"]
    decimals: Literal["float", "decimal"]


@dataclass(frozen=True)
class Client:
    """Reads from a dashboard."""

    connection: ApiConnection
    wait: Callable[[float], None] = time.sleep

    @classmethod
    def from_environment(
        cls, url: str | None = None, variables: Mapping[str, str] = os.environ
    ) -> Client:
        """Return a client of `url`, else of TAPELINE_URL, else of this machine's dashboard; with
        the password of TAPELINE_PASSWORD_FILE or TAPELINE_PASSWORD, and trusting the authority
        whose certificate is in TAPELINE_CA_FILE. Raises ApiError."""
        ca_file = variables.get("TAPELINE_CA_FILE")
        return cls(
            ApiConnection(
                url or variables.get("TAPELINE_URL") or LOCAL,
                _password(variables),
                Path(ca_file) if ca_file else None,
            )
        )

    def bars(self, symbols: Symbols = (), **options: Unpack[BarOptions]) -> pa.Table:
        """Return the bars of one symbol, of several, or of all. Raises ApiError."""
        return pa.Table.from_batches(self.batches(symbols, **options))

    def pandas(self, symbols: Symbols = (), **options: Unpack[BarOptions]) -> pd.DataFrame:
        """Return the same as a pandas frame."""
        frame: pd.DataFrame = self.bars(symbols, **options).to_pandas()
        return frame

    def polars(self, symbols: Symbols = (), **options: Unpack[BarOptions]) -> pl.DataFrame:
        """Return the same as a Polars frame."""
        import polars  # noqa: PLC0415 - only who wants one needs it

        frame = polars.from_arrow(self.bars(symbols, **options))
        assert isinstance(frame, polars.DataFrame)  # noqa: S101 - a table gives no series
        return frame

    def batches(
        self, symbols: Symbols = (), **options: Unpack[BarOptions]
    ) -> Iterator[pa.RecordBatch]:
        """Yield the same some thousand bars at a time, as they come: as fast as they are taken,
        with little memory here and there; one without bars comes first. Raises ApiError."""
        columns = list(options.get("columns", ()))
        left = of_symbols(_query(options), _names(symbols))
        received, failures, has_begun = Received(), 0, False
        while left:
            came = False
            try:
                if received.rows:
                    left[:1] = remaining(left[0], received, self._symbols)
                received = Received()
                for batch in self._batches(left[0]):
                    has_begun, came = True, came or batch.num_rows > 0
                    received.add(batch)
                    yield batch.select(columns) if columns else batch
                del left[0]
                received = Received()
            except (BrokenError, BusyError) as error:
                failures = 1 if came else failures + 1
                if failures == ATTEMPTS or not (has_begun or isinstance(error, BusyError)):
                    raise
                self.wait(_pause_seconds(error, failures))

    def table(self, name: str, **query: Any) -> pa.Table:
        """Return all rows of another table, such as `anomalies`, in the order of its key, page by
        page; `query` is what /data.html says that it takes. Raises ApiError."""
        asked: Query = {"format": "parquet", "limit": _PAGE_ROWS, **query}
        pages, path = [], f"/api/{name}"
        while True:
            with self.connection.get(path, asked) as answer:
                pages.append(_table(answer.read()))
                following = _NEXT.match(answer.getheader("Link") or "")
            if following is None:
                return pa.concat_tables(pages)
            path, asked = following[1], {}  # the link holds all that was asked for

    def _symbols(self) -> list[str]:
        names: list[str] = self.table("symbols", columns="symbol")["symbol"].to_pylist()
        return names

    def _batches(self, query: Query) -> Iterator[pa.RecordBatch]:
        with self.connection.get("/api/bars.arrow", query) as answer:
            try:
                stream = ipc.open_stream(answer, options=_IN_THIS_THREAD)
                yield pa.RecordBatch.from_pylist([], schema=stream.schema)
                yield from stream
                # Of an answer that was cut off pyarrow tells no end, HTTP does.
                answer.read()
            except pa.ArrowInvalid as error:
                raise BrokenError(f"{self.connection.url} gave no Arrow stream: {error}") from None


def _table(content: bytes) -> pa.Table:
    file = parquet.ParquetFile(pa.BufferReader(content), pre_buffer=False)
    return file.read(use_threads=False)


def _names(symbols: Symbols) -> list[str]:
    """Return each once, as the server writes them."""
    several = [symbols] if isinstance(symbols, str) else symbols
    return list(dict.fromkeys(one.upper() for one in several))


def _query(options: BarOptions) -> Query:
    """Return the parameters of the request; the key comes along, by which a break is mended."""
    names = {"since": "from", "until": "to"}
    query: Query = {names.get(name, name): value for name, value in options.items() if value}
    for name in ("from", "to"):
        if isinstance(query.get(name), date):
            query[name] = query[name].isoformat()
    if columns := query.get("columns"):
        query["columns"] = ",".join(dict.fromkeys([*columns, *_KEY]))
    return query


def _password(variables: Mapping[str, str]) -> str | None:
    file = variables.get("TAPELINE_PASSWORD_FILE")
    if not file:
        return variables.get("TAPELINE_PASSWORD") or None
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ApiError(f"TAPELINE_PASSWORD_FILE: {file}: {reason}") from None


def _pause_seconds(error: ApiError, failures: int) -> float:
    told = error.seconds if isinstance(error, BusyError) else 0.0
    return min(_LONGEST_WAIT_SECONDS, max(told, 2.0 ** (failures - 1)))
