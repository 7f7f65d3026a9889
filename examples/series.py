"""What the examples share: their options, and the bars of one series as a pandas frame."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import pandas as pd

from examples.api_connection import ApiError
from examples.client import LOCAL, Client, Interval
from examples.remaining_bars import INTERVALS

PRICES = ["bar_time", "open", "high", "low", "close", "volume"]


def read_bars(client: Client, symbol: str, interval: Interval) -> pd.DataFrame:
    """Return open, high, low, close and volume as floats by the start of each bar (UTC)."""
    bars = client.pandas(symbol, interval=interval, columns=[*PRICES, "source"])
    if bars.empty:
        raise ApiError(f"there are no bars of {symbol} in {interval}")
    if (bars["source"] == "simulator").any():
        print("The market is SIMULATED: no figure says anything about a real one.")
    return bars[PRICES].set_index("bar_time")


def _parse(about: str) -> argparse.Namespace:
    """Return the options that every example takes."""
    parser = argparse.ArgumentParser(
        description=about,
        epilog="environment: TAPELINE_URL; TAPELINE_PASSWORD_FILE, where a password is asked for; "
        "TAPELINE_CA_FILE, the certificate of an authority of one's own",
    )
    parser.add_argument("--url", help=f"the dashboard's address (default: {LOCAL})")
    parser.add_argument("--symbol", default="AAPL")
    parser.add_argument("--interval", default="1min", choices=INTERVALS)
    return parser.parse_args()


def run(example: Callable[[Client, argparse.Namespace], None], about: str) -> None:
    """Run an example on what the command line names; end with one line where it cannot be."""
    options = _parse(about)
    try:
        example(Client.from_environment(options.url), options)
    except ApiError as error:
        sys.exit(str(error))
