"""Scans stored bars for what stands out, by the API's own rules and by a robust score beside it.

python -m examples.anomalies --symbol TSLA --interval 1min
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from examples.client import Client
from examples.series import read_bars, run

WINDOW = 120
THRESHOLD = 6.0


def robust_scores(closes: pd.Series) -> pd.Series:
    """Return each log return's distance from the median of the returns before it, in their
    median absolute deviations (scaled to a deviation); NaN until the window is full."""
    returns = pd.Series(np.log(closes / closes.shift()), closes.index)
    before = returns.shift().rolling(WINDOW)
    middle = before.median()
    spread = 1.4826 * (returns.shift() - middle).abs().rolling(WINDOW).median()
    return (returns - middle) / spread.replace(0.0, np.nan)


def main(client: Client, options: argparse.Namespace) -> None:
    """Print both lists, and how many bars they share."""
    bars = read_bars(client, options.symbol, options.interval)
    scores = robust_scores(bars["close"])
    own = scores[scores.abs() >= THRESHOLD]
    days = {"from": f"{bars.index[0]:%Y-%m-%d}", "to": f"{bars.index[-1]:%Y-%m-%d}T23:59:59"}
    found = client.table(
        "anomalies", symbol=options.symbol, interval=options.interval, **days
    ).to_pandas()
    for row in found[found["severity_rank"] >= 2].tail(10).itertuples():
        print(f"{row.bar_time:%Y-%m-%d %H:%M}  {row.kind:<8}{row.severity:<8}{row.reason}")
    both = set(own.index) & set(found.loc[found["kind"] == "price", "bar_time"])
    print(
        f"{len(bars):,} bars: {len(found)} anomalies by the API, {len(own)} jumps of price by the "
        f"robust score, {len(both)} of them in both"
    )


if __name__ == "__main__":
    run(main, str(__doc__).partition("\n")[0])
