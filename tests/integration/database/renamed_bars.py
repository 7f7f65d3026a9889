"""Bars of instruments that were renamed, the command that tells of it, and what must hold then."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import date, timedelta

from services.common.market.bar import Bar
from sql import renames
from sql.moved_bars import Moved
from sql.renaming import Rename, keep
from tests.bars import bar
from tests.contract.test_tables import CHECKS
from tests.fixtures.market import Market, Row
from tests.integration.sink.new_bars import Bench
from tests.integration.stream.derived_series import derive_all
from tests.integration.views.expected.indicators import assert_derived

DAYS = [date(2022, 5, 2) + timedelta(days=number) for number in range(60)]
RENAMED_ON = date(2022, 6, 9)


def day_bar(symbol: str, day: date, close: float, seen: date | None = None) -> Bar:
    """Return a day's bar, seen on the evening of its day or on another day."""
    price = f"{close:.2f}"
    made = bar(
        dict.fromkeys(("open", "high", "low", "close"), price),
        symbol=symbol,
        interval="1d",
        exchange_time=day.isoformat(),
        adjusted=False,
    )
    return replace(made, observed_at=f"{seen or day}T23:00:00.000Z")


def price(number: int) -> float:
    return 200 - number / 4 + number % 7


META = Rename(RENAMED_ON, "FB", "META")
ETF_ENDED = date(2022, 1, 31)
METV = Rename(ETF_ENDED, "META", "METV")
BLOCKED = """
select count(*) from pg_stat_activity
where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0
"""


def blocked(market: Market) -> int:
    [(count,)] = market.rows(BLOCKED)
    return int(count)


FACEBOOK = [
    day_bar("FB" if day < RENAMED_ON else "META", day, price(number))
    for number, day in enumerate(DAYS)
    if day.weekday() < 5
]
ETF = [
    day_bar("META", date(2022, 1, 24) + timedelta(days=number), 12 + number / 100)
    for number in range(5)
]


def command(market: Market, *arguments: str) -> str:
    """Run the command as the schema's owner; return what it printed."""
    printed = io.StringIO()
    with market.connect("market_owner") as owner, redirect_stdout(printed):
        renames.run(renames.parser().parse_args(arguments), owner)
    return printed.getvalue()


def rename(market: Market, *added: Rename, removed: Rename | None = None) -> list[Moved]:
    """Change the renames that are known."""
    with market.connect("market_owner") as owner:
        return keep(owner, lambda known: [one for one in (*known, *added) if one != removed])


def checks(market: Market) -> dict[str, list[Row]]:
    """Return what the checks find that a stored state must pass whatever the ledger says."""
    return {file.stem: market.rows(file.read_text("utf-8")) for file in CHECKS}


def settle(bench: Bench) -> None:
    """Compute indicators until none is due, and look at everything."""
    derive_all(bench.session)
    assert_derived(bench.market)
    assert checks(bench.market) == {file.stem: [] for file in CHECKS}
