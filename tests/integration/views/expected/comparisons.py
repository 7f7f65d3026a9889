"""What the views of comparison must show, by pandas from the same bars."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.integration.views.view_market import MINUTES, hours_of


def _session_bases(table: pd.DataFrame) -> pd.DataFrame:
    """Return, for each bar, the open of its session's regular hours and when it was traded."""
    bases = {}
    for (symbol, day), bars in table.groupby(["symbol", "session_date"]):
        hours = hours_of(str(symbol), day)
        rows = [
            (interval == "1d" and hours is None, at, MINUTES[interval], opened)
            for interval, at, opened in zip(
                bars["interval"], bars["bar_time"], bars["open"], strict=True
            )
        ]
        if hours is not None:
            rows = [
                (unknown, max(at, hours[0]), minutes, opened)
                for unknown, at, minutes, opened in rows
                if at < hours[1] and at + pd.Timedelta(minutes=minutes) > hours[0]
            ]
        _, at, _, opened = min(rows, default=(False, pd.NaT, 0, np.nan))
        bases[symbol, day] = (opened, at)
    found = [bases[key] for key in zip(table["symbol"], table["session_date"], strict=True)]
    return pd.DataFrame(found, columns=["base_price", "base_time"], index=table.index)


def comparison(table: pd.DataFrame) -> pd.DataFrame:
    """bi.comparison"""
    base = _session_bases(table)
    rebased = 100 * table["close"] / base["base_price"]
    return table.assign(
        base_price=base["base_price"],
        base_time=pd.to_datetime(base["base_time"], utc=True).dt.tz_localize(None),
        rebased=rebased,
        session_return_percent=rebased - 100,
    )


def comparison_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """bi.comparison_pairs"""
    keys = ["interval", "bar_time"]
    table = table.assign(rebased=comparison(table)["rebased"])
    names = {name: f"other_{name}" for name in ("symbol", "close", "rebased")}
    other = table[[*keys, *names]].rename(columns=names)
    both = table.merge(other, on=keys)
    both = both[both["symbol"] != both["other_symbol"]]
    parts = []
    for _, pair in both.groupby(["symbol", "other_symbol", "interval"]):
        ordered = pair.sort_values("bar_time")
        mine = pd.Series(np.log(ordered["close"] / ordered["close"].shift()))
        theirs = pd.Series(np.log(ordered["other_close"] / ordered["other_close"].shift()))
        covariance = mine.rolling(20).cov(theirs)
        parts.append(
            ordered.assign(
                correlation_20=mine.rolling(20).corr(theirs),
                beta_20=covariance / theirs.rolling(20).var(),
            )
        )
    return pd.concat(parts)
