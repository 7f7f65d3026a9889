"""All bars of a series out of the dashboard's API, page by page, as a pandas frame."""

from __future__ import annotations

import argparse
import io
from urllib.parse import urljoin

import pandas as pd
import requests


def read_table(url: str, table: str, **query: str) -> pd.DataFrame:
    """Return every row of a table, such as `bars` or `anomalies`, in the order of its key."""
    pages = []
    following: str | None = urljoin(url, f"/api/{table}")
    asked: dict[str, str] | None = {"format": "parquet", "limit": "50000", **query}
    while following:
        answer = requests.get(following, params=asked, timeout=60)
        if not answer.ok:
            raise SystemExit(f"{following}: {answer.status_code} {answer.text}")
        pages.append(pd.read_parquet(io.BytesIO(answer.content)))
        link = answer.links.get("next")
        # The link holds all that was asked for.
        following, asked = (urljoin(url, link["url"]), None) if link else (None, None)
    return pd.concat(pages, ignore_index=True)


def read_bars(url: str, symbol: str, interval: str) -> pd.DataFrame:
    """Return open, high, low, close and volume as floats by the start of each bar (UTC)."""
    names = ["bar_time", "open", "high", "low", "close", "volume"]
    chosen = ",".join([*names, "source"])
    bars = read_table(url, "bars", symbol=symbol, interval=interval, columns=chosen)
    if bars.empty:
        raise SystemExit(f"there are no bars of {symbol} in {interval}")
    if (bars["source"] == "simulator").any():
        print("The market is SIMULATED: no figure says anything about a real one.")
    return bars[names].set_index("bar_time")


def parse(about: str) -> argparse.Namespace:
    """Return the options that every example takes."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--url", default="http://127.0.0.1:8050", help="the dashboard's address")
    parser.add_argument("--symbol", default="AAPL")
    parser.add_argument("--interval", default="1min")
    return parser.parse_args()
