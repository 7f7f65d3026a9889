"""What a request of the data API may ask for: its parameters in, a checked query out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from services.common.market.bar import SYMBOL_CHARS, SYMBOL_PATTERN, normal_symbol
from services.dashboard.data_api.dataset import AS_TRADED
from services.dashboard.data_api.paging import MOST_ROWS, Wanted

_ANY_CASE = re.sub(
    "FX|CRYPTO|INDEX",
    lambda market: "".join(f"[{letter}{letter.lower()}]" for letter in market[0]),
    SYMBOL_PATTERN.replace("A-Z", "A-Za-z"),
)

Symbol = Annotated[
    # What the schema tells is checked first: small letters are taken, and nothing is cut off.
    str,
    Query(pattern=f"^{_ANY_CASE}$", max_length=SYMBOL_CHARS),
    AfterValidator(normal_symbol),
]

Exchange = Annotated[str, Query(pattern="^[A-Za-z]{2,6}$"), AfterValidator(str.upper)]
Interval = Literal["1min", "5min", "15min", "30min", "60min", "1d"]


def _as_iso(given: object) -> object:
    if isinstance(given, str) and not re.match(r"\d{4}-\d{2}-\d{2}", given):
        raise ValueError("must look like 2026-11-20 or 2026-11-20T14:30:00Z")
    return given


_FROM = (
    "This instant or later: a date is its midnight, UTC unless it says otherwise. A session is at "
    "its date."
)
_TO = "Before this instant, likewise."

Moment = Annotated[datetime | date, BeforeValidator(_as_iso)]


class TableQuery(BaseModel):
    """What every table takes, by pages or whole."""

    model_config = ConfigDict(extra="forbid")

    decimals: Literal["float", "decimal"] = Field(
        "float",
        description="Prices and volumes as numbers (in Parquet and Arrow float64), or exactly: in "
        "JSON as strings, in Parquet and Arrow as decimal(38, 10). Numbers in JSON and CSV have "
        "every digit, too.",
    )
    # Narrowed to the columns of its table by `query_models`.
    columns: list[str] = []

    @property
    def price_basis(self) -> str:
        """What prices mean: what is chosen, of a table that can be had on several bases."""
        return str(getattr(self, "basis", AS_TRADED))

    def wanted(self, today: datetime) -> Wanted:
        """Return what is asked for."""
        return Wanted(MOST_ROWS, today, columns=tuple(self.columns))


class PageQuery(TableQuery):
    """What every table takes that goes out by pages."""

    limit: int = Field(1000, ge=1, le=MOST_ROWS, description="Rows of a page.")
    order: Literal["asc", "desc"] = Field("asc", description="By the key; desc is newest first.")
    cursor: str | None = Field(
        None, max_length=600, description="next_cursor of the page before this one."
    )
    format: Literal["json", "csv", "parquet"] = "json"

    def wanted(self, today: datetime) -> Wanted:
        """Return what the page holds."""
        whole = super().wanted(today)
        descending = self.order == "desc"
        return replace(whole, limit=self.limit, descending=descending, cursor=self.cursor)


class SpanQuery(TableQuery):
    """What a table of times or dates takes as well."""

    since: Moment | None = Field(None, alias="from", description=_FROM)
    until: Moment | None = Field(None, alias="to", description=_TO)

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        since, until = utc_instant(self.since), utc_instant(self.until)
        if since is not None and until is not None and since >= until:
            raise ValueError("from must lie before to, which is not included")
        return self

    def wanted(self, today: datetime) -> Wanted:
        """Return what the page holds."""
        return replace(
            super().wanted(today), since=utc_instant(self.since), until=utc_instant(self.until)
        )


class ExchangeQuery(SpanQuery):
    """What a table of exchanges takes as well."""

    exchange: list[Exchange] = Field([], max_length=50, description="One or several; XNYS.")

    def wanted(self, today: datetime) -> Wanted:
        """Return what the page holds."""
        return replace(super().wanted(today), exchanges=tuple(self.exchange))


class NamedQuery(TableQuery):
    """What a table of symbols takes as well."""

    symbol: list[Symbol] = Field([], max_length=50, description="One or several; without it, all.")

    def wanted(self, today: datetime) -> Wanted:
        """Return what the page holds."""
        return replace(super().wanted(today), symbols=tuple(self.symbol))


class SymbolQuery(NamedQuery, SpanQuery):
    """What a table of symbols over time takes."""


Basis = Literal["as_traded", "split_adjusted", "total_return"]
_BASIS_TEXT = "What prices mean: as traded, split-adjusted, or total return."


class CandleQuery(SymbolQuery):
    """What a table of candles takes as well."""

    basis: Basis = Field("split_adjusted", description=_BASIS_TEXT)


class SeriesQuery(SymbolQuery):
    """What a table of series takes as well."""

    interval: Interval | None = Field(None, description="Without it, all.")

    def wanted(self, today: datetime) -> Wanted:
        """Return what the page holds."""
        return replace(super().wanted(today), interval=self.interval)


class IndicatorQuery(SeriesQuery):
    """What a table of values beside stored bars takes as well."""

    basis: Basis = Field("as_traded", description=_BASIS_TEXT)


class PastQuery(SeriesQuery):
    """What a table takes that also knows what it held before."""

    as_of: Moment | None = Field(
        None, description="The rows as they were stored at this instant, of the symbols named."
    )

    @field_validator("as_of")
    @classmethod
    def _names_symbols(cls, given: Moment | None, others: ValidationInfo) -> Moment | None:
        if not others.data.get("symbol"):
            raise ValueError("needs a symbol: the past is looked up series by series")
        return given

    def wanted(self, today: datetime) -> Wanted:
        """Return what the page holds."""
        return replace(super().wanted(today), as_of=utc_instant(self.as_of))


class BarQuery(PastQuery):
    """What a table of bars takes as well."""

    basis: Basis = Field("as_traded", description=_BASIS_TEXT)

    @field_validator("basis")
    @classmethod
    def _is_of_the_present(cls, given: Basis, others: ValidationInfo) -> Basis:
        if given != "as_traded" and others.data.get("as_of") is not None:
            raise ValueError("the past can be had as traded only: leave as_of or basis out")
        return given


class AnalyticQuery(SeriesQuery):
    """What a table takes that is computed as it is asked."""

    symbol: list[Symbol] = Field(min_length=1, max_length=8, description="One or several.")
    interval: Interval
    since: Moment | None = Field(None, alias="from", description=f"{_FROM} Without it, 14 days.")


def utc_instant(given: datetime | date | None) -> datetime | None:
    """Return a moment as an instant; a date begins, and one without a zone is read, in UTC."""
    if given is None:
        return None
    if not isinstance(given, datetime):
        return datetime(given.year, given.month, given.day, tzinfo=UTC)
    return given if given.tzinfo else given.replace(tzinfo=UTC)
