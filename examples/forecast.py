"""Forecasts the next bar's close, and says honestly how much that is worth.

A linear model of the last returns is fitted on the first 70 % of the bars and measured on the rest,
which it has never seen, beside the naive forecast: the next close is this close. In a market
without memory the naive forecast cannot be beaten, and the numbers say so.

    python -m examples.forecast --symbol MSFT --interval 1min
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from examples.api_connection import ApiError
from examples.client import Client
from examples.series import read_bars, run

LAGS = 5
TRAINED_ON = 0.7

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Errors:
    """Mean absolute errors of the next close, out of sample, in the price's unit."""

    bars: int
    model: float
    naive: float


def measure(closes: Numbers) -> Errors:
    """Return the errors of the model and of the naive forecast on the last bars."""
    returns = np.diff(np.log(closes))
    lags = np.lib.stride_tricks.sliding_window_view(returns, LAGS)[:-1]
    features = np.column_stack([np.ones(len(lags)), lags])
    targets = returns[LAGS:]
    split = int(len(targets) * TRAINED_ON)
    weights, *_ = np.linalg.lstsq(features[:split], targets[:split], rcond=None)
    known, true = closes[LAGS + split : -1], closes[LAGS + split + 1 :]
    forecast = known * np.exp(features[split:] @ weights)
    return Errors(
        len(true), float(np.abs(forecast - true).mean()), float(np.abs(known - true).mean())
    )


def main(client: Client, options: argparse.Namespace) -> None:
    """Print both errors, and what follows from them."""
    closes = read_bars(client, options.symbol, options.interval)["close"].to_numpy(np.float64)
    if len(closes) < 20 * LAGS:
        raise ApiError(f"{len(closes)} bars are too few to fit anything on")
    errors = measure(closes)
    print(f"{errors.bars:,} bars that the model has not seen; mean absolute error of the close:")
    print(f"  model {errors.model:.5f}   naive {errors.naive:.5f}")
    better = 100 * (1 - errors.model / errors.naive)
    print(
        f"  the model is {better:.2f} % better: look twice before you believe it"
        if better > 0
        else f"  the model is {-better:.2f} % worse: the last price is the better forecast"
    )


if __name__ == "__main__":
    run(main, str(__doc__).partition("\n")[0])
