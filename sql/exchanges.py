"""Makes the database's functions of the table of exchanges: market.exchange and its kin.

In: `services.common.market.exchanges`. Out: functions of a symbol, simple enough to become part of
the query that calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import psycopg

from services.common.market.exchanges import (
    BY_MARKET,
    BY_SUFFIX,
    EXCHANGES,
    NEW_YORK,
    QUOTE_UNITS,
    Exchange,
)
from services.common.market.markets import MARKETS

# Not `strict`: what is could not become part of a query.
_OF_A_SYMBOL: Final = """
create or replace function market.{name}(symbol text) returns text
language sql immutable parallel safe
return case
    when split_part(symbol, ':', 2) <> ''
        then case split_part(symbol, ':', 1){markets} {otherwise}end
    when split_part(symbol, '.', 2) = '' or length(split_part(symbol, '.', -1)) <= 1 then {usual}
    else case split_part(symbol, '.', -1){cases} {otherwise}end
end
"""
_QUOTED_IN: Final = "split_part(symbol, '/', 2)"
_OF_A_CODE: Final = """
create or replace function market.{name}({argument} text) returns {type}
language sql immutable parallel safe
return case {argument}{cases} {otherwise}end
"""


def keep_functions(owner: psycopg.Connection) -> None:
    """Create the functions, or bring them up to date."""
    for statement in functions():
        owner.execute(statement.encode())


def functions() -> list[str]:
    """Return the statements, each complete."""
    units = {unit: _text(currency) for unit, (currency, _) in QUOTE_UNITS.items()}
    sizes = {unit: str(size) for unit, (_, size) in QUOTE_UNITS.items()}
    delays = {each.code: f"interval '{each.close_delay}'" for each in EXCHANGES}
    nights = {each.code: f"time '{each.early_opens}'" for each in EXCHANGES if each.has_overnight}
    return [
        _of_a_symbol("exchange", lambda exchange: exchange.code),
        # Of a symbol of no known exchange, times are told in UTC.
        _of_a_symbol("time_zone", lambda exchange: exchange.zone, "else 'UTC' "),
        _of_a_symbol("usual_quote_unit", lambda exchange: exchange.quote_unit, pairs=_QUOTED_IN),
        _of_a_code("currency", "quote_unit", "text", units, "else quote_unit "),
        _of_a_code("units_per_currency", "quote_unit", "integer", sizes, "else 1 "),
        # What is traded before it in a session was traded overnight.
        _of_a_code("night_ends", "exchange", "time", nights),
        # So long after the calendar's close a day's close may be set.
        _of_a_code("close_delay", "exchange", "interval", delays),
    ]


def _of_a_symbol(
    name: str, value: Callable[[Exchange], str | None], otherwise: str = "", pairs: str = ""
) -> str:
    """Return the function; `pairs` is its value, as SQL writes it, of a pair's symbol."""
    suffixes = {suffix: _text(value(exchange)) for suffix, exchange in sorted(BY_SUFFIX.items())}
    markets = {
        market: pairs if pairs and MARKETS[market].is_pair else _text(value(exchange))
        for market, exchange in BY_MARKET.items()
    }
    return _OF_A_SYMBOL.format(
        name=name,
        usual=_text(value(NEW_YORK)),
        markets=_cases(markets, 8),
        cases=_cases(suffixes),
        otherwise=otherwise,
    )


def _of_a_code(
    name: str, argument: str, type_name: str, values: Mapping[str, str], otherwise: str = ""
) -> str:
    return _OF_A_CODE.format(
        name=name, argument=argument, type=type_name, cases=_cases(values), otherwise=otherwise
    )


def _cases(values: Mapping[str, str], indent: int = 4) -> str:
    """Return the branches for these texts, each with its value as SQL writes it."""
    start = "\n" + " " * indent
    return "".join(f"{start}when {_text(key)} then {value}" for key, value in values.items())


def _text(value: str | None) -> str:
    # Of our own table alone, which has neither quotes nor backslashes.
    return "null" if value is None else f"'{value}'"
