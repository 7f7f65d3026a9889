"""Backtests a crossing of moving averages on stored bars, beside buying once and holding.

python -m examples.backtest --symbol AAPL --interval 1min
"""

from __future__ import annotations

import argparse

import pandas as pd
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

from examples.client import Client
from examples.series import read_bars, run

COMMISSION = 0.0002  # of each trade's value; without it any rule looks better than it is


def mean(closes: object, length: int) -> pd.Series:
    """Return the mean of the last closes."""
    return pd.Series(closes).rolling(length).mean()


class Crossing(Strategy):  # type: ignore[misc]
    """Long while the mean of 20 closes lies above that of 50."""

    def init(self) -> None:
        """Prepare both means."""
        self.short = self.I(mean, self.data.Close, 20)
        self.long = self.I(mean, self.data.Close, 50)

    def next(self) -> None:
        """Decide at the end of a bar; the trade is made at the open of the next one."""
        if crossover(self.short, self.long):
            self.buy()
        elif crossover(self.long, self.short):
            self.position.close()


def main(client: Client, options: argparse.Namespace) -> None:
    """Print what the rule and what holding would have come to."""
    bars = read_bars(client, options.symbol, options.interval).rename(columns=str.title)
    test = Backtest(bars, Crossing, cash=1_000_000, commission=COMMISSION, finalize_trades=True)
    result = test.run()
    print(f"{len(bars):,} bars of {options.symbol}, {options.interval}")
    ours, holding = result["Return [%]"], result["Buy & Hold Return [%]"]
    print(f"trades {result['# Trades']}, {result['Exposure Time [%]']:.0f} % of the time in it")
    print(f"the rule {ours:+.2f} %, holding {holding:+.2f} %")
    print(f"deepest fall {result['Max. Drawdown [%]']:.2f} %")


if __name__ == "__main__":
    run(main, str(__doc__).partition("\n")[0])
