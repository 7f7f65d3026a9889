"""Spells the call for one slice of a series, without the key. Pure."""

from __future__ import annotations

from typing import Final

from services.common.market.markets import MARKETS, codes_of
from services.producer.alpha_vantage.source import Source
from services.producer.series import ACTION_LISTS, DAY, QUOTES, Series, Slice

_CODE_NAMES: Final = {
    MARKETS["FX"].title: ("from_symbol", "to_symbol"),
    MARKETS["CRYPTO"].title: ("symbol", "market"),
}


def parameters(source: Source, series: Series, part: Slice) -> dict[str, str]:
    """Return the query parameters for one call. Raises KeyError if there is none for the series."""
    if series.interval in ACTION_LISTS:
        name = series.interval.upper()
        return {"function": name, "symbol": series.symbol, "datatype": "json"}
    if series.interval == QUOTES:
        return {"function": "REALTIME_BULK_QUOTES", "symbol": series.symbol, "datatype": "json"}
    market = series.market
    function = market.function(series.interval)
    if function is None:
        raise KeyError(str(series))
    query = {"function": function.name, **_codes(series), "datatype": "json"}
    if function.has_size:
        size = "compact" if part.extent == "compact" else "full"
        query["outputsize"] = size
        if source.rapidapi:
            query["output_size"] = size  # RapidAPI's own spelling for intraday
    if series.interval != DAY:
        query["interval"] = series.interval
    elif market is MARKETS["INDEX"]:
        query["interval"] = "daily"
    if market is MARKETS[""] and series.interval != DAY:
        query |= _of_shares(source, part)
    return query


def _codes(series: Series) -> dict[str, str]:
    names = _CODE_NAMES.get(series.market.title, ("symbol",))
    return dict(zip(names, codes_of(series.symbol), strict=False))


def _of_shares(source: Source, part: Slice) -> dict[str, str]:
    """Return what only the function of shares' intraday bars takes."""
    options = {
        "adjusted": str(source.adjusted).lower(),
        "extended_hours": str(source.extended_hours).lower(),
    }
    if part.month:
        options["month"] = part.month
    if source.entitlement != "none":
        options["entitlement"] = source.entitlement
    return options
