"""The clock and the trade date of each record as Spark expressions.

They say for every record what `services.common.market.trade_date` says for one; a contract test
compares the two.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import cache
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from services.common.market.exchanges import BY_MARKET, BY_SUFFIX, FOREX, NEW_YORK
from services.common.market.trade_date import next_session

_YEARS: Final = range(1970, 2070)
_NEW_YORK_CLOCKS: Final = ("US/Eastern", NEW_YORK.zone)


@cache
def exchange_zone() -> Column:
    """Return the clock of the exchange that the record's symbol names, or null."""
    symbol = F.col("event.symbol")
    suffix = F.substring_index(symbol, ".", -1)
    usual = ~symbol.contains(".") | (F.length(suffix) <= 1)
    zones: dict[str, list[str]] = {}
    for name, exchange in BY_SUFFIX.items():
        zones.setdefault(exchange.zone, []).append(name)
    return F.coalesce(
        *(F.when(_is_of(name), F.lit(exchange.zone)) for name, exchange in BY_MARKET.items()),
        F.when(usual, F.lit(NEW_YORK.zone)),
        *(F.when(suffix.isin(*names), F.lit(zone)) for zone, names in sorted(zones.items())),
    )


@cache
def trade_date() -> Column:
    """Return the trade date as text, of `exchange_zone`, `zone`, `local_time` and `bar_time`."""
    clock, written = F.col("exchange_zone"), F.left(F.col("event.exchange_time"), F.lit(10))
    new_york = F.lit(NEW_YORK.zone)
    on_its_clock = F.when(F.col("zone").isin(*_NEW_YORK_CLOCKS), F.col("local_time")).otherwise(
        F.from_utc_timestamp("bar_time", new_york)
    )
    elsewhere = F.to_date(F.from_utc_timestamp("bar_time", clock)).cast("string")
    return (
        F.when((F.col("event.interval") == "1d") | clock.isNull(), written)
        .when(_is_of(FOREX.market), _after(FOREX.evening, on_its_clock))
        .when(clock == new_york, _after(NEW_YORK.evening, on_its_clock, _over_holidays()))
        .when(clock == F.col("zone"), written)
        .otherwise(elsewhere)
    )


def _is_of(market: str) -> Column:
    return F.col("event.symbol").startswith(f"{market}:")


def _after(evening: time | None, local: Column, holidays: Column | None = None) -> Column:
    """Return the date of a local time, from the evening on that of the next session."""
    day = F.to_date(local)
    # Friday and Saturday are followed by Monday.
    weekdays = F.when(F.dayofweek(day) == 6, 3).when(F.dayofweek(day) == 7, 2).otherwise(1)
    following = F.date_add(day, weekdays).cast("string")
    if holidays is not None:
        following = F.coalesce(holidays[day.cast("string")], following)
    hour = 24 if evening is None else evening.hour
    return F.when(F.hour(local) >= hour, following).otherwise(day.cast("string"))


@cache
def _over_holidays() -> Column:
    """Return a map from each date before a holiday to the session after it."""
    day, found = date(_YEARS.start, 1, 1), list[str]()
    while day.year < _YEARS.stop:
        following = next_session(NEW_YORK, day)
        if following != day + timedelta(days={4: 3, 5: 2}.get(day.weekday(), 1)):
            found.append(f"{day}={following}")
        day += timedelta(days=1)
    return F.str_to_map(F.lit(";".join(found)), F.lit(";"), F.lit("="))
