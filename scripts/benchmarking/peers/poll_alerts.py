"""Alerts as people write them: look at the table every second, compare, post.

`poll_alerts.py PORT DATABASE FILE URL`: FILE is the same file of rules. Each round asks for the two
newest bars of each symbol; what was told is remembered in memory. PGPASSWORD is set.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import yaml

_EVERY_SECONDS = 1.0
_NEWEST = """
select bar_time, close from market.events_stream
where symbol = %s and interval = '1min' order by bar_time desc limit 2
"""


def main(port: str, database: str, file: Path, url: str) -> None:
    """Look, until it is ended."""
    levels: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for rule in yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)["rules"]:
        levels[rule["symbols"]].append((rule["name"], float(rule["when"]["price"]["crosses"])))
    told: set[tuple[str, datetime]] = set()
    with psycopg.connect(
        host="127.0.0.1", port=port, dbname=database, user="postgres", autocommit=True,
        password=os.environ["PGPASSWORD"],
    ) as connection:  # fmt: skip
        print("listening", flush=True)
        while True:
            begun = time.monotonic()
            for symbol, rules in levels.items():
                bars = connection.execute(_NEWEST, (symbol,)).fetchall()
                if len(bars) < 2:
                    continue
                (at, now), (_, before) = bars
                for name, level in rules:
                    if before <= level < now and (name, at) not in told:
                        told.add((name, at))
                        _post(url, symbol, at)
            time.sleep(max(0.0, begun + _EVERY_SECONDS - time.monotonic()))


def _post(url: str, symbol: str, at: datetime) -> None:
    data = {"symbol": symbol, "bar_time": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
    body = json.dumps({"type": "alert.fired", "data": data}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=15):  # noqa: S310
        pass


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4])
