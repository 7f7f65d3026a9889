"""A market, its real producer and the faults around them, one after another; then the check.

The market goes on all the time. What it says of the bars that have settled by then is compared
with the topic and with the table.
"""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scripts.chaos_testing.alerting.alert_watch import AlertWatch
from scripts.chaos_testing.checker import Findings, Key, Place
from scripts.chaos_testing.cluster import Cluster
from scripts.chaos_testing.episode import Report
from scripts.chaos_testing.faults.episode_plan import Fault
from scripts.chaos_testing.faults.timeline import Timeline
from scripts.chaos_testing.market_checker import (
    Values,
    agrees,
    bar_of,
    bars_of,
    check_market,
)
from scripts.launcher.errors import SetupError
from scripts.local_stack.market import NEW_YORK, Market, last_open
from services.common import topics
from services.common.market.bar import Bar
from services.common.market.market_clock import MarketClock, parse_market_clock
from services.stream.broker import read_records, topic_facts

SYMBOLS = ("AAPL", "MSFT", "TSLA")
_INTERVAL = "1min"
_SPEED = 30.0
_SETTLED = timedelta(minutes=11)  # the simulator revises bars up to ten minutes after their end
_FIRST_SECONDS = 300.0
_DRAIN_SECONDS = 300.0


def open_market() -> Market:
    """Return a simulated market that opens now."""
    now = datetime.now(tz=UTC)
    clock = MarketClock(last_open(now), now, _SPEED)
    return Market("simulator", True, str(clock), ",".join(SYMBOLS), _INTERVAL)


@dataclass
class MarketRun:
    """A run of these faults, one after another, on a running cluster that has a market. The moment
    of each counts from the end of the one before."""

    cluster: Cluster
    faults: Sequence[Fault]
    alerts: AlertWatch | None = None

    def __post_init__(self) -> None:
        self._timeline = Timeline(self.cluster, self.alerts)
        self._clock = parse_market_clock(self.cluster.market.clock)

    def run(self) -> Report:
        """Run it. Raises SetupError if nothing is stored at the start."""
        begun = time.monotonic()
        self._await_first_bars()
        self._pass_faults()
        healed, until = time.monotonic(), self._clock.now()
        self._timeline.pass_while(lambda: self._clock.now() < until + _SETTLED)
        answer = {key: values for symbol in SYMBOLS for key, values in self._answer(symbol).items()}
        limit = f"{until.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}"
        deadline = time.monotonic() + _DRAIN_SECONDS
        self._timeline.pass_while(
            lambda: (
                time.monotonic() < deadline
                and not agrees(answer, self.cluster.database.bars(), limit)
            )
        )
        drained = time.monotonic()
        table, topic = self.cluster.database.bars(), self._topic()
        findings = check_market(answer, topic, table, limit)
        self._check_rest(findings)
        return Report(
            number=0,
            seed=0,
            faults=[fault.name for fault in self.faults],
            sent=len(topic),
            acknowledged=len(topic),
            deaths=self.cluster.deaths,
            recovery_seconds=drained - healed,
            seconds=time.monotonic() - begun,
            findings=findings,
        )

    def _await_first_bars(self) -> None:
        deadline = time.monotonic() + _FIRST_SECONDS
        self._timeline.pass_while(
            lambda: not self.cluster.database.ledger() and time.monotonic() < deadline
        )
        if not self.cluster.database.ledger():
            raise SetupError(f"no bar was stored within {_FIRST_SECONDS:.0f} s")

    def _pass_faults(self) -> None:
        for fault in self.faults:
            planned = time.monotonic()
            self._timeline.plan([fault], planned)
            self._timeline.pass_all()
            # Some have no end of their own.
            self._timeline.pass_until(planned + fault.at_seconds + fault.seconds)
            self._timeline.judge_alerts()

    def _answer(self, symbol: str) -> dict[Key, Values]:
        """Return all that the simulator has of a symbol."""
        query = urllib.parse.urlencode(
            {
                "function": "TIME_SERIES_INTRADAY",
                "symbol": symbol,
                "interval": _INTERVAL,
                "outputsize": "full",
                "apikey": "checker",
            }
        )
        url = f"{self.cluster.run.addresses.simulator_url}?{query}"
        with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310 - on this machine
            return bars_of(symbol, json.load(response)[f"Time Series ({_INTERVAL})"])

    def _topic(self) -> dict[Place, Bar | None]:
        kafka, name = self.cluster.kafka, topics.BARS.name
        facts = topic_facts(kafka, name)
        if facts is None:
            raise SetupError(f"the topic {name} is gone")
        return {
            (partition, record.offset): bar_of(record.value)
            for partition, offsets in facts.offsets.items()
            for record in read_records(kafka, name, partition, offsets)
        }

    def _check_rest(self, findings: Findings) -> None:
        database = self.cluster.database
        if refused := database.refused():
            findings.wrong.append(f"{refused} records were rejected")
        findings.wrong += [
            f"the ledger of partition {partition} does not add up"
            for partition in database.unbalanced()
        ]
