"""Rules of a file, real bars, a real webhook: from the commit to the message."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.fixtures.live import wait_for
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import store
from tests.integration.market_alerts.receiving import SECRET, receiving
from tests.integration.market_alerts.running import bar, running

START = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = """
  - {name: above 300, symbols: [AAPL], interval: 1min, to: desk,
     when: {price: {crosses: 300, direction: up}}}
  - {name: once below, symbols: all, interval: 1min, to: [desk], frequency: once,
     when: {price: {crosses: 300, direction: down}}}
  - {name: moved, symbols: [MSFT], interval: 1min, to: desk, basis: split_adjusted,
     when: {change: {percent: 5, bars: 3}}}
  - {name: averages, symbols: [TSLA], interval: 1min, to: desk,
     when: {signal: {rule: band_break, direction: up}}}
"""


def _at(minute: int) -> str:
    return f"{START + minute * MINUTE:%Y-%m-%dT%H:%M:%S.%fZ}"


def test_from_the_commit_to_the_message(market: Market, tmp_path: Path) -> None:
    with receiving() as desk, running(market, tmp_path) as alerts:
        alerts.write(RULES, desk=desk.url)
        alerts.start()
        assert alerts.niceness() == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)

        store(market, [bar("AAPL", START + n * MINUTE, 299 + n % 3) for n in range(6)])
        wanted = [
            ("alert.fired", "above 300", "AAPL", _at(2)),
            ("alert.fired", "above 300", "AAPL", _at(5)),
            ("alert.fired", "once below", "AAPL", _at(3)),
        ]
        wait_for(lambda: desk.told() == wanted, "the first messages")

        # A correction takes one back; the bar after it now crosses.
        store(market, [bar("AAPL", START + 5 * MINUTE, 299.5, seen=START + 30 * MINUTE)])
        store(market, [bar("AAPL", START + 6 * MINUTE, 302)])
        wanted += [
            ("alert.fired", "above 300", "AAPL", _at(6)),
            ("alert.retracted", "above 300", "AAPL", _at(5)),
        ]
        wait_for(lambda: desk.told() == sorted(wanted), "the correction")

        # A bar that comes late gives an alert of the past, and takes the "once" over.
        store(market, [bar("MSFT", START + n * MINUTE, 301.0) for n in (0, 2, 3, 4)])
        store(market, [bar("MSFT", START + 5 * MINUTE, 299.0)])
        wanted += [("alert.fired", "once below", "MSFT", _at(5))]
        wait_for(lambda: desk.told() == sorted(wanted), "MSFT")
        store(market, [bar("MSFT", START + 1 * MINUTE, 280.0)])
        wanted += [
            ("alert.fired", "moved", "MSFT", _at(4)),
            ("alert.fired", "once below", "MSFT", _at(1)),
            ("alert.retracted", "once below", "MSFT", _at(5)),
        ]
        wait_for(lambda: desk.told() == sorted(wanted), "the late bar")
        late = {
            (body["data"]["rule"], body["data"]["bar_time"]): body["data"]["is_late"]
            for _, body in desk.accepted
            if body["data"]["symbol"] == "MSFT" and body["type"] == "alert.fired"
        }
        assert late == {
            ("once below", _at(5)): False,
            ("once below", _at(1)): True,
            ("moved", _at(4)): False,
        }

        # Indicators come a moment after their bar, and rules on them with those.
        lines = [bar("TSLA", START + n * MINUTE, 400 + n % 2) for n in range(25)]
        store(market, [*lines, bar("TSLA", START + 25 * MINUTE, 420)])
        wanted += [("alert.fired", "averages", "TSLA", _at(25))]
        wait_for(lambda: desk.told() == sorted(wanted), "the indicator")

        assert set(desk.ids().values()) == {1}
        assert desk.forged == 0
        wait_for(alerts.is_idle, "the end of the work")
        assert alerts.stop() == 0
        assert "ERROR" not in alerts.log()
        assert SECRET not in alerts.log()
        assert "secret-token" not in alerts.log()


def test_a_slow_receiver_is_told_several_at_once(market: Market, tmp_path: Path) -> None:
    """Nobody is answered before four requests are there together."""
    busy = 0
    lock, together = threading.Lock(), threading.Event()

    def answer(_: int) -> str:
        nonlocal busy
        with lock:
            busy += 1
            if busy >= 4:
                together.set()
        together.wait(60)
        with lock:
            busy -= 1
        return "200"

    with receiving(answer) as desk, running(market, tmp_path) as alerts:
        alerts.write(RULES, desk=desk.url)
        alerts.start()
        symbols = [f"S{number:02}" for number in range(30)]
        bars = [
            bar(symbol, START + n * MINUTE, 301.0 - 2 * n) for symbol in symbols for n in (0, 1)
        ]
        store(market, bars)
        wanted = [("alert.fired", "once below", symbol, _at(1)) for symbol in symbols]
        wait_for(lambda: desk.told() == wanted, "all messages")
        assert together.is_set()
        assert set(desk.ids().values()) == {1}
        assert alerts.stop() == 0


def test_what_waits_for_a_receiver_that_left_the_file_ends(market: Market, tmp_path: Path) -> None:
    with (
        receiving() as desk,
        receiving(lambda _: "500") as gone,
        running(market, tmp_path) as alerts,
    ):
        theirs = (
            "  - {name: theirs, symbols: all, interval: 1min, to: gone,"
            " when: {price: {crosses: 300}}}\n"
        )
        alerts.write(RULES + theirs, desk=desk.url, gone=gone.url)
        alerts.start()
        store(market, [bar("AAPL", START + n * MINUTE, 301 - 2 * n) for n in (0, 1)])
        wait_for(lambda: gone.requests > 0 and len(desk.ids()) == 1, "both receivers")
        alerts.write(RULES, desk=desk.url)
        wait_for(alerts.is_idle, "the end of what waits")
        ended = (
            "select receiver, state, last_error, ended_at is not null from alerts.deliveries "
            "order by receiver"
        )
        reason = "the file has no such receiver any more"
        assert alerts.rows(ended) == [
            ("desk", "delivered", None, True),
            ("gone", "given_up", reason, True),
        ]
        wait_for(lambda: f"1 messages to gone are given up: {reason}" in alerts.log(), "the log")
        # Rules of the file without it still tell the others.
        store(market, [bar("MSFT", START + n * MINUTE, 301 - 2 * n) for n in (0, 1)])
        wait_for(lambda: len(desk.ids()) == 2, "the next message")
