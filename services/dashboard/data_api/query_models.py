"""Which parameters a table takes, by what it has: a Dataset in, the model of its query out."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, create_model

from services.dashboard.data_api.dataset import Dataset
from services.dashboard.data_api.queries import (
    AnalyticQuery,
    BarQuery,
    CandleQuery,
    ExchangeQuery,
    IndicatorQuery,
    NamedQuery,
    PageQuery,
    SeriesQuery,
    SpanQuery,
    SymbolQuery,
    TableQuery,
)

_COLUMNS: Final = (
    "The columns wanted, in this order: `columns=symbol,close`, or once for each. Without it, all."
)


def query_model(dataset: Dataset) -> type[PageQuery]:
    """Return the model of what a page of a table can be asked for."""
    bases: Any = (whole_query_model(dataset), PageQuery)
    model: type[PageQuery] = create_model("Query", __base__=bases)
    return model


def whole_query_model(dataset: Dataset) -> type[TableQuery]:
    """Return the model of what a table can be asked for that goes out whole."""
    names = tuple(name for name, _ in dataset.columns)

    def checked(given: Any) -> Any:
        return _known([name for text in given for name in str(text).split(",")], names)

    column = Annotated[list[Literal[names]], BeforeValidator(checked)]  # type: ignore[valid-type]
    about: Any = Field([], description=_COLUMNS, json_schema_extra={"uniqueItems": True})
    return create_model("WholeQuery", __base__=_base(dataset), columns=(column, about))


def _known(given: list[str], names: tuple[str, ...]) -> list[str]:
    unknown = [name for name in given if name not in names]
    if unknown:
        told = ", ".join(repr(name[:40]) for name in unknown[:5])
        raise ValueError(f"there is no column {told}; there are {', '.join(names)}")
    if len({*given}) < len(given):
        raise ValueError("a column is named twice")
    return given


def _base(dataset: Dataset) -> type[TableQuery]:
    if dataset.adjusted_view is not None:
        of_present = IndicatorQuery if dataset.has("interval") else CandleQuery
        return of_present if dataset.past is None else BarQuery
    if dataset.days is not None:
        return AnalyticQuery
    if dataset.has("symbol") and dataset.time is None:
        return NamedQuery
    if dataset.has("symbol"):
        return SeriesQuery if dataset.has("interval") else SymbolQuery
    if dataset.time is None:
        return TableQuery
    return ExchangeQuery if dataset.has("exchange") else SpanQuery
