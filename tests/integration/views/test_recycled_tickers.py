"""bi.recycled_tickers: where a ticker may have passed to another instrument, by which signs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from sql.listings import ListingError, keep, read_file
from sql.renaming import Rename
from tests.fixtures.market import Market
from tests.integration.database.renamed_bars import rename
from tests.integration.views.price_series import Action, day_bar, store_actions, store_bars

FOUND = """
select symbol, ended_on, resumed_on, jump_ratio::float8, signs
from bi.recycled_tickers order by symbol, resumed_on
"""
HEADER = "symbol,name,exchange,assetType,ipoDate,delistingDate,status\r\n"
ACTIVE = HEADER + (
    "CAME,Came Back Inc,NYSE,Stock,2025-03-03,null,Active\r\n"
    "BEGAN,Began Within Inc,NASDAQ,Stock,2025-02-12,null,Active\r\n"
    "OLD,Older Than Its Bars,NYSE,Stock,1999-11-18,null,Active\r\n"
    'QUIET,"Quiet, Inc",NYSE,Stock,,null,Active\r\n'
)
DELISTED = HEADER + "CAME,Gone Corp,NYSE,Stock,2010-01-04,2025-02-03,Delisted\r\n"


def stored(market: Market, symbol: str, *runs: tuple[date, int, str]) -> None:
    """Store days in a row from a date on, each run at a price."""
    store_bars(
        market,
        [
            day_bar(symbol, first + timedelta(days=number), price)
            for first, days, price in runs
            for number in range(days)
        ],
    )


def test_a_pause_with_another_sign_or_a_new_listing_is_shown(
    market: Market, tmp_path: Path
) -> None:
    january, march = date(2025, 1, 6), date(2025, 3, 3)
    end = january + timedelta(days=29)
    stored(market, "JUMP", (january, 30, "12.31"), (march, 30, "184"))
    stored(market, "QUIET", (january, 30, "100"), (march, 30, "130"))
    stored(market, "SPLIT", (january, 30, "100"), (march, 30, "10"))
    store_actions(market, [Action("SPLIT", "split", date(2025, 2, 20), Fraction(10))])
    # The prices before are of a file that was adjusted for splits since.
    store_bars(market, [replace(day_bar("SINCE", january, "10"), basis=f"split {march}")])
    stored(market, "SINCE", (march, 30, "10"))
    store_actions(market, [Action("SINCE", "split", date(2025, 2, 20), Fraction(10))])
    stored(market, "SHORT", (january, 30, "100"), (end + timedelta(days=21), 9, "10"))
    stored(market, "CAME", (january, 30, "100"), (march, 30, "101"))
    stored(market, "BEGAN", (january, 60, "50"))
    stored(market, "OLD", (january, 60, "50"))

    jump = ("JUMP", end, march, pytest.approx(184 / 12.31, abs=1e-4), "pause, jump")
    assert market.rows(FOUND, role="dashboard_reader") == [jump]

    files = {"active.csv": ACTIVE, "delisted.csv": DELISTED}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with market.connect("market_owner") as owner:
        for _ in range(2):
            keep(owner, [one for name in files for one in read_file(tmp_path / name)])
    assert market.rows("select count(*) from market.listings") == [(5,)]
    assert market.rows(FOUND, role="powerbi_reader") == [
        ("BEGAN", date(2025, 2, 11), date(2025, 2, 12), 1, "listed_anew"),
        ("CAME", end, march, 1.01, "pause, delisted, listed_anew"),
        jump,
    ]

    assert market.rows(
        "select symbol, session_date, recycled_signs from bi.data_quality"
        " where recycled_signs is not null order by symbol",
        role="powerbi_reader",
    ) == [
        ("BEGAN", date(2025, 2, 12), "listed_anew"),
        ("CAME", march, "pause, delisted, listed_anew"),
        ("JUMP", march, "pause, jump"),
    ]

    # Once its former holder has a name of its own, there is one instrument on either side.
    rename(market, Rename(march, "JUMP", "JUMP-2024"))
    assert [row[0] for row in market.rows(FOUND)] == ["BEGAN", "CAME"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "no answer of LISTING_STATUS"),
        (json.dumps({"Information": "Thank you"}), "no answer of LISTING_STATUS"),
        (HEADER, "no answer of LISTING_STATUS"),
        (HEADER + "A,B,NYSE,Stock,1999,null,Active\n", "line 2: Invalid isoformat"),
        (HEADER + "A,B,NYSE\n", "line 2: not enough values"),
    ],
)
def test_what_is_no_list_replaces_none(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "active.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ListingError, match=why):
        read_file(file)
