"""Receivers that fail, hang, answer 500 and lose the 2xx, and a service that is killed at any
moment: no message is lost, and one that comes twice has the same id."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common import fail_points
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import store
from tests.integration.market_alerts.receiving import Answer, receiving
from tests.integration.market_alerts.running import Alerts, bar, running

START = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
RULES = """
  - {name: each, symbols: all, interval: 1min, to: [desk, flaky],
     when: {price: {crosses: 300}}}
  - {name: session, symbols: [AAPL, MSFT], interval: 1min, to: flaky, frequency: session,
     when: {volume: {times_usual: 2, bars: 3}}}
  - {name: cool, symbols: all, interval: 1min, to: desk, cool_down: 5min,
     when: {indicator: {of: close, above: 300}}}
"""
EPISODES = int(os.environ.get("ALERT_EPISODES", "20"))
POINTS = [point for point in fail_points.POINTS if point.startswith("alerts.")]


def flaky(seed: int) -> Answer:
    """Return a receiver of which a third of all answers fail, each in a way that the seed says."""
    chance = random.Random(seed)  # noqa: S311 - the same each time

    def answer(_: int) -> str:
        fate = chance.choice(["200"] * 8 + ["500", "lose", "close", "429"])
        return "hang" if chance.random() < 0.01 else fate

    return answer


def write(market: Market, chance: random.Random, episode: int) -> None:
    """Store some bars: new, late and corrected ones."""
    lines = {}
    for _ in range(chance.randint(1, 12)):
        symbol = chance.choice(["AAPL", "MSFT", "TSLA"])
        minute = chance.randint(max(0, 2 * episode - 6), 2 * episode + 2)
        at = START + timedelta(minutes=minute)
        seen = START + timedelta(hours=9, seconds=episode)
        close = 300 + chance.choice([-2.0, -1.0, 1.0, 2.0])
        lines[symbol, minute] = bar(symbol, at, close, seen, volume=chance.choice([100, 900]))
    store(market, list(lines.values()))


def test_nothing_is_lost_whenever_it_is_killed(market: Market, tmp_path: Path) -> None:
    chance = random.Random(28)  # noqa: S311 - the same each time
    with (
        receiving() as desk,
        receiving(flaky(5)) as unsteady,
        running(market, tmp_path) as alerts,
    ):
        alerts.write(RULES, desk=desk.url, flaky=unsteady.url)
        alerts.start()
        for episode in range(EPISODES):
            write(market, chance, episode)
            if chance.random() < 0.5:
                time.sleep(0.3 * chance.random())  # the moment of its death, not one to wait for
                alerts.kill()
                alerts.start(wait=False)
            elif chance.random() < 0.5:
                die_at_a_point(
                    alerts,
                    f"{chance.choice(POINTS)}:{chance.randint(1, 2)}",
                    market,
                    chance,
                    episode,
                )
        alerts.kill()
        alerts.start()
        wait_for(alerts.is_idle, "the end of the work")

        wanted: dict[str, set[str]] = {"desk": set(), "flaky": set()}
        for receiver, message_id, state in alerts.rows(
            "select receiver, message_id, state from alerts.deliveries"
        ):
            assert state == "delivered"
            wanted[receiver].add(message_id)
        assert {*desk.ids()} == wanted["desk"]
        assert {*unsteady.ids()} == wanted["flaky"]
        assert len(wanted["desk"]) > EPISODES
        assert desk.forged == unsteady.forged == 0
        for receiver in (desk, unsteady):
            assert believed(receiver.accepted) == fired(alerts, receiver is desk)


def die_at_a_point(
    alerts: Alerts, point: str, market: Market, chance: random.Random, episode: int
) -> None:
    """Start it anew, to die where the point is reached, if it is; then start it whole again."""
    alerts.stop()
    alerts.start(wait=False, FAIL_AT=point)
    write(market, chance, episode)
    assert alerts.child is not None
    child = alerts.child
    wait_for(lambda: not child.is_running() or alerts.is_idle(), point)
    if child.is_running():
        alerts.kill()
    alerts.start(wait=False)


def believed(accepted: list[tuple[str, dict[str, dict[str, object]]]]) -> set[tuple[object, ...]]:
    """Return the alerts that somebody believes in who goes by the newest message of each."""
    newest: dict[object, dict[str, object]] = {}
    for _, body in accepted:
        data = body["data"]
        known = newest.get(data["id"])
        if known is None or int(str(data["number"])) > int(str(known["number"])):
            newest[data["id"]] = data | {"type": body["type"]}
    return {
        (data["rule"], data["symbol"], data["bar_time"])
        for data in newest.values()
        if data["type"] != "alert.retracted"
    }


def fired(alerts: Alerts, is_desk: bool) -> set[tuple[object, ...]]:
    """Return the alerts that stand, of the rules that a receiver is told of."""
    names = ["each", "cool"] if is_desk else ["each", "session"]
    return {
        (rule, symbol, f"{at:%Y-%m-%dT%H:%M:%S.%fZ}")
        for rule, symbol, at in alerts.rows(
            "select name, symbol, bar_time from alerts.events inner join alerts.rules "
            "using (rule_id) where state = 'fired' and name = any (%s)",
            (names,),
        )
    }


@pytest.mark.parametrize("point", POINTS)
def test_it_dies_at_every_fail_point(point: str, market: Market, tmp_path: Path) -> None:
    with receiving() as desk, running(market, tmp_path) as alerts:
        alerts.write(RULES.replace("[desk, flaky]", "desk").replace("flaky", "desk"), desk=desk.url)
        alerts.start(FAIL_AT=point)
        lines = [bar("AAPL", START + timedelta(minutes=n), 299 + 2 * (n % 2)) for n in range(4)]
        store(market, lines)
        assert alerts.child is not None
        child = alerts.child
        wait_for(lambda: not child.is_running(), point)
        assert child.process.wait() == fail_points.EXIT_CODE

        alerts.start()
        wait_for(lambda: alerts.is_idle() and len(desk.ids()) == 4, "all messages")
        once = point not in {"alerts.sent"}
        assert (set(desk.ids().values()) == {1}) is once


def test_a_dead_receiver_delays_no_other_and_one_instance_works(
    market: Market, tmp_path: Path
) -> None:
    with (
        receiving() as desk,
        receiving(lambda _: "hang") as dead,
        running(market, tmp_path) as alerts,
    ):
        alerts.write(RULES.replace("flaky", "dead"), desk=desk.url, dead=dead.url)
        alerts.start()
        second = Alerts(market, tmp_path, "second")
        second.start(wait=False)
        try:
            wait_for(lambda: "another instance works" in second.log(), "the second instance")
            store(market, [bar("AAPL", START, 299), bar("AAPL", START + timedelta(minutes=1), 301)])
            wait_for(lambda: len(desk.ids()) == 2 and dead.requests > 0, "the healthy receiver")
            assert alerts.rows(
                "select receiver, state, count(*) from alerts.deliveries group by 1, 2 order by 1"
            ) == [("dead", "pending", 1), ("desk", "delivered", 2)]

            alerts.kill()
            wait_for(lambda: "are in force" in second.log(), "the take-over")
            store(market, [bar("AAPL", START + timedelta(minutes=2), 299)])
            wait_for(lambda: len(desk.ids()) == 3, "the message of the second instance")
            assert set(desk.ids().values()) == {1}
        finally:
            second.stop()


def test_a_file_that_becomes_wrong_changes_nothing(market: Market, tmp_path: Path) -> None:
    with receiving() as desk, running(market, tmp_path) as alerts:
        rule = (
            "  - {{name: a, symbols: all, interval: 1min, to: desk,"
            " when: {{price: {{crosses: {}}}}}}}"
        )
        alerts.write(rule.format(300), desk=desk.url)
        alerts.start()
        alerts.write(rule.format("many"), desk=desk.url)
        wait_for(lambda: "crosses is 'many'" in alerts.log(), "the refusal")
        store(market, [bar("AAPL", START, 299), bar("AAPL", START + timedelta(minutes=1), 301)])
        wait_for(lambda: len(desk.ids()) == 1, "the rule of before")

        # A rule that is changed is another one, and looks at what comes from now on.
        alerts.write(rule.format(310), desk=desk.url)
        wait_for(lambda: alerts.log().count("are in force") == 2, "the new rule")
        store(market, [bar("AAPL", START + timedelta(minutes=2), 311)])
        wait_for(lambda: len(desk.ids()) == 2, "the new rule's message")
        assert alerts.rows("select name, ended_at is null from alerts.rules order by rule_id") == [
            ("a", False),
            ("a", True),
        ]
