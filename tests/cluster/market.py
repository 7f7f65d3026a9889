"""Holds what the table has against what the market says of itself, and against the topic."""

from __future__ import annotations

import base64
import json
import time
import urllib.parse
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from scripts.chaos_testing.checker import Key, Place
from scripts.chaos_testing.market_checker import (
    StoredBar,
    Values,
    agrees,
    bar_of,
    bars_of,
    check_market,
)
from scripts.local_stack.market import NEW_YORK
from services.common.market.bar import Bar
from services.common.market.market_clock import MarketClock, parse_market_clock
from services.simulator.market.trades import LATEST_REVISION_MINUTES
from tests.cluster.trial import NAMESPACE, Trial

SYMBOLS = ("AAPL", "TSLA", "MSFT")
_SETTLED = timedelta(minutes=LATEST_REVISION_MINUTES + 1)
_BARS = """
    select symbol, to_char(bar_time at time zone 'America/New_York', 'YYYY-MM-DD HH24:MI:SS'),
        open, high, low, close, volume, kafka_partition, kafka_offset
    from market.events_stream
"""
_NEWEST = """
    select count(*) from (
        select max(bar_time) as newest from market.events_stream group by symbol
    ) as each where newest >= '{}'
"""


def wait_for_bars(trial: Trial) -> float:
    """Wait until each symbol has a bar that began now or later; return how many seconds it took."""
    begun = time.monotonic()
    newest = _NEWEST.format(_clock(trial).now().isoformat())
    trial.wait_for_sql(newest, str(len(SYMBOLS)))
    return time.monotonic() - begun


def check_table(trial: Trial) -> int:
    """Wait until all that the market has told by now has settled and come; fail if anything is
    lost, duplicated, wrong or stale. Return how many bars were compared."""
    clock = _clock(trial)
    until = clock.now()
    trial.wait(lambda: clock.now() > until + _SETTLED, "the market to settle")
    answer = {key: values for one in SYMBOLS for key, values in _answer(trial, one).items()}
    limit = _label(until)
    trial.wait(lambda: agrees(answer, _table(trial), limit), "the market's bars in the table")
    table = _table(trial)  # before the topic, which goes on
    findings = check_market(answer, _topic(trial), table, limit)
    assert findings.lines() == []
    assert trial.sql("select count(*) from market.rejected_events") == "0"
    return sum(key[1] < limit for key in answer)


def _clock(trial: Trial) -> MarketClock:
    path = "--output=jsonpath={.data.clock}"
    return parse_market_clock(trial.kubectl("get", "configmap", "market-clock", path))


def _label(moment: datetime) -> str:
    return f"{moment.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}"


def _answer(trial: Trial, symbol: str) -> dict[Key, Values]:
    """Return all that the simulator has of a symbol."""
    query = urllib.parse.urlencode(
        {
            "function": "TIME_SERIES_INTRADAY",
            "symbol": symbol,
            "interval": "1min",
            "outputsize": "full",
            "apikey": "checker",
        }
    )
    proxy = f"/api/v1/namespaces/{NAMESPACE}/services/simulator:8000/proxy/query?{query}"
    series = json.loads(trial.kubectl("get", "--raw", proxy))["Time Series (1min)"]
    return bars_of(symbol, series)


def _table(trial: Trial) -> list[StoredBar]:
    rows = (line.split("|") for line in trial.sql(_BARS).splitlines())
    return [
        StoredBar((row[0], row[1]), _numbers(row[2:7]), (int(row[7]), int(row[8]))) for row in rows
    ]


def _numbers(words: list[str]) -> Values:
    opened, high, low, close, volume = map(Decimal, words)
    return opened, high, low, close, volume


def _topic(trial: Trial) -> dict[Place, Bar | None]:
    program = Path(__file__).with_name("read_topic.py").read_text("utf-8")
    python = ("exec", "--stdin", "deployment/stream", "--", "python", "-")
    lines = trial.kubectl(*python, given=program).splitlines()
    words = (line.split(" ") for line in lines)
    return {(int(row[0]), int(row[1])): bar_of(base64.b64decode(row[2])) for row in words}
