"""Spells the call for one slice of a series, without the key. Pure."""

from __future__ import annotations

from services.producer.alpha_vantage.source import Source
from services.producer.series import ACTION_LISTS, DAY, Series, Slice


def parameters(source: Source, series: Series, part: Slice) -> dict[str, str]:
    """Return the query parameters for one call."""
    if series.interval in ACTION_LISTS:
        name = series.interval.upper()
        return {"function": name, "symbol": series.symbol, "datatype": "json"}
    size = "compact" if part.extent == "compact" else "full"
    common = {"symbol": series.symbol, "outputsize": size, "datatype": "json"}
    if source.rapidapi:
        common["output_size"] = size  # RapidAPI's own spelling for intraday
    if series.interval == DAY:
        return {"function": "TIME_SERIES_DAILY", **common}
    intraday = {
        "function": "TIME_SERIES_INTRADAY",
        **common,
        "interval": series.interval,
        "adjusted": str(source.adjusted).lower(),
        "extended_hours": str(source.extended_hours).lower(),
    }
    if part.month:
        intraday["month"] = part.month
    if source.entitlement != "none":
        intraday["entitlement"] = source.entitlement
    return intraday
