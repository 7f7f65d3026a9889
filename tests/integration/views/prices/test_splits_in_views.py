"""What views look back on, across a split: as if the shares had always been the new ones."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest

from tests.fixtures.market import Market
from tests.integration.views.price_series import Action, store_actions
from tests.integration.views.test_views import assert_equal, read
from tests.integration.views.view_market import odd_market, store

EX_DATE = date(2025, 11, 4)
# Each has a split of its own, and a twin that never had one.
RATIOS = {"AAA": Fraction(8), "DAY": Fraction(1, 8), "TSCO.LON": Fraction(4, 5)}
SCALED_VIEWS = (
    "session_statistics",
    "volume_flow",
    "volatility",
    "intraday_profile",
    "anomalies",
    "signals",
    "patterns",
    "bar_indicators",
)
SENTENCES = {"reason", "computed_at"}
PRICES = ["open", "high", "low", "close"]


def of_twins() -> pd.DataFrame:
    """Return bars of the twins under the names of the split symbols, on the new basis."""
    bars = odd_market(11)
    bars = bars[bars["symbol"].isin(list(RATIOS)) & (bars["interval"] != "60min")]
    return bars.assign(volume=bars["volume"] * 40)


def as_traded(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the bars as they were traded: before the split on the old basis."""
    whole = bars["symbol"].map(
        lambda symbol: Decimal(RATIOS[symbol].numerator) / RATIOS[symbol].denominator
    )
    before = bars["session_date"] < EX_DATE
    traded = bars.copy()
    for name in PRICES:
        traded.loc[before, name] = bars.loc[before, name] * whole[before]
    traded.loc[before, "volume"] = (
        (bars.loc[before, "volume"] / whole[before].astype(float)).round().astype(int)
    )
    return traded


@pytest.fixture
def twins(market: Market) -> Market:
    """Return a market with split symbols and their twins, named with an X in front.

    Until the split the bars of DAY are of a file from before it, those of TSCO.LON of one since,
    both adjusted for splits."""
    bars = of_twins()
    store_actions(market, [Action(name, "split", EX_DATE, each) for name, each in RATIOS.items()])
    twin, traded = bars.assign(symbol="X" + bars["symbol"]), as_traded(bars)
    is_before = bars["session_date"] < EX_DATE
    of_files = {"DAY": (traded, EX_DATE - timedelta(days=1)), "TSCO.LON": (bars, EX_DATE)}
    for symbol, (prices, as_of) in of_files.items():
        chosen = is_before & (bars["symbol"] == symbol)
        assert chosen.any()
        store(market, prices[chosen], derived=False, basis=f"split {as_of}")
    raw = traded[~(is_before & bars["symbol"].isin(list(of_files)))]
    store(market, pd.concat([raw, twin], ignore_index=True), basis="raw")
    return market


def test_a_series_of_several_bases_is_that_of_the_twin_across_the_split(market: Market) -> None:
    bars = of_twins()
    store_actions(market, [Action(name, "split", EX_DATE, each) for name, each in RATIOS.items()])
    # Of five sessions before the split one as the vendor gives it since, adjusted; one of a file
    # that was adjusted for splits since, and one of a file from before the split.
    number = bars["session_date"].map(lambda day: day.toordinal() % 5 if day < EX_DATE else 4)
    traded = as_traded(bars)
    twin = bars.assign(symbol="X" + bars["symbol"])
    raw = pd.concat([traded[number > 2], twin], ignore_index=True)
    store(market, raw, derived=False, basis="raw")
    for place, prices, basis in (
        (0, bars, f"adjusted {EX_DATE}"),
        (1, bars, f"split {EX_DATE}"),
        (2, traded, f"split {EX_DATE - timedelta(days=1)}"),
    ):
        assert set(number) == set(range(5))
        store(market, prices[number == place], derived=False, basis=basis)

    # What is made of bars alone: stored indicators carry on what was known at their own bar.
    for view in ("session_statistics", "volume_flow", "intraday_profile", "patterns", "volatility"):
        found = read(market, view, f"session_date >= '{EX_DATE}'")
        is_twin = found["symbol"].str.startswith("X")
        own, twin = found[~is_twin], found[is_twin].assign(symbol=found["symbol"].str[1:])
        assert len(own) > 0, view
        assert_equal(own, twin, list(found.columns))
    prices = read(market, "bars_split_adjusted")
    is_twin = prices["symbol"].str.startswith("X")
    own, twin = prices[~is_twin], prices[is_twin].assign(symbol=prices["symbol"].str[1:])
    assert_equal(own, twin, ["symbol", "interval", "session_date", "bar_time", *PRICES])


def test_from_the_split_on_every_figure_is_that_of_the_twin(twins: Market) -> None:
    for view in SCALED_VIEWS:
        found = read(twins, view, f"session_date >= '{EX_DATE}'")
        is_twin = found["symbol"].str.startswith("X")
        own, twin = found[~is_twin], found[is_twin].assign(symbol=found["symbol"].str[1:])
        assert len(own) > 0, view
        assert_equal(own, twin, [name for name in found.columns if name not in SENTENCES])
    where = f"session_date >= '{EX_DATE}' and symbol = 'AAA' and other_symbol = 'XAAA'"
    assert set(read(twins, "comparison_pairs", where)["beta_20"].dropna().round(9)) == {1.0}


def test_split_adjusted_indicators_and_the_quote_are_those_of_the_twin(twins: Market) -> None:
    for view, start in (("bar_indicators", "bar_time"), ("volatility", "bar_time_utc")):
        adjusted = read(twins, f"{view}_split_adjusted")
        plain = read(twins, view)
        own = adjusted[~adjusted["symbol"].str.startswith("X")]
        twin = plain[plain["symbol"].str.startswith("X")]
        twin = twin.assign(symbol=twin["symbol"].str[1:])
        own, twin = (
            table.drop(columns="computed_at", errors="ignore").sort_values(
                ["symbol", "interval", start], ignore_index=True
            )
            for table in (own, twin)
        )
        assert min(own["session_date"]) < EX_DATE
        # Volumes that are no multiple of the ratio were rounded to whole shares.
        pd.testing.assert_frame_equal(own, twin, rtol=1e-4, atol=1e-6)

    # The newest session is the first on the new basis: its change is against the old one.
    twins.run("delete from market.events_stream where session_date > %s", (EX_DATE,))
    rows = twins.rows(
        "select ltrim(symbol, 'X'), price, previous_close, change_percent"
        " from bi.latest_quote order by symbol"
    )
    assert [row[0] for row in rows] == 2 * sorted(RATIOS)
    assert rows[:3] == rows[3:]
