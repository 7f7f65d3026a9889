"""Shares with corporate actions, raw and adjusted, beside the same share without any."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import pytest

from services.simulator.api.calls import Api
from services.simulator.market.bars import PrintedBar, SimulatedBars
from services.simulator.market.corporate_actions import SharesWithActions
from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.fakes import INTRADAY, HandClock, ask, body, make_api, times, utc

BEFORE, AFTER = utc("2025-11-05T22:00:00"), utc("2025-11-12T22:00:00")
RENAMED_ON = utc("2025-11-10T05:00:00")


@pytest.fixture
def shares(sessions: Sessions) -> SharesWithActions:
    return SharesWithActions(SimulatedBars(1, sessions), sessions)


@pytest.fixture
def served(shares: SharesWithActions, sessions: Sessions, clock: HandClock) -> Api:
    return make_api(shares, sessions, "unlimited", clock)


def days(shares: SharesWithActions, symbol: str, now: datetime = AFTER) -> dict[str, PrintedBar]:
    """Return the bars of the days since October."""
    found = (bar for bar in shares.daily(symbol, now))
    made: dict[str, PrintedBar] = {}
    for bar in found:
        if bar.time < "2025-10-01":
            break
        made[bar.time] = bar
    return made


def hours(api: Api, clock: HandClock, at: datetime, **more: str) -> dict[str, list[Fraction]]:
    """Return the numbers of the hours of November that TWINA's answer holds at an instant."""
    clock.instant = at
    asked = {"symbol": "TWINA", "interval": "60min", "month": "2025-11", "outputsize": "full"}
    answer = body(ask(api, {**INTRADAY, **asked, **more}))["Time Series (60min)"]
    return {time: [*map(Fraction, bar.values())] for time, bar in answer.items()}


def test_a_spin_off_changes_prices_alone(shares: SharesWithActions) -> None:
    assert shares.splits("TWINSPIN", BEFORE) == []
    assert shares.splits("TWINSPIN", AFTER) == [
        {"effective_date": "2025-11-10", "split_factor": "1.0460"}
    ]
    plain = days(shares, "TWINB")
    for day, bar in days(shares, "TWINSPIN").items():
        ratio = Fraction("1.046") if day < "2025-11-10" else Fraction(1)
        prices = [Fraction(price) * ratio for price in plain[day][1:5]]
        assert [*map(Fraction, bar[1:])] == [*prices, Fraction(plain[day].volume)], day


def test_a_renamed_share_has_its_history_under_the_new_symbol(
    shares: SharesWithActions, served: Api, clock: HandClock
) -> None:
    known = {
        now: [symbol for symbol in ("TWINOLD", "TWINNEW") if shares.knows(symbol, now)]
        for now in (BEFORE, RENAMED_ON, AFTER)
    }
    assert known == {BEFORE: ["TWINOLD"], RENAMED_ON: ["TWINNEW"], AFTER: ["TWINNEW"]}
    assert days(shares, "TWINNEW") == days(shares, "TWINB")
    assert days(shares, "TWINOLD", BEFORE) == days(shares, "TWINB", BEFORE)
    clock.instant = BEFORE
    assert len(times(ask(served, INTRADAY, symbol="TWINOLD"))) == 100
    clock.instant = AFTER
    assert ask(served, INTRADAY, symbol="TWINOLD").kind == "bad_call"
    assert len(times(ask(served, INTRADAY, symbol="TWINNEW"))) == 100


def test_adjusted_answers_are_on_the_basis_of_the_day_of_the_call(
    shares: SharesWithActions, served: Api, clock: HandClock
) -> None:
    closes = {day: Fraction(bar.close) for day, bar in days(shares, "TWINA").items()}
    split, reverse = Fraction(1, 10), Fraction(8)
    first = 1 - Fraction("1.25") / closes["2025-11-06"]
    second = 1 - Fraction("0.30") / closes["2025-11-11"]
    traded = hours(served, clock, AFTER, adjusted="false")
    answer = hours(served, clock, AFTER)

    assert answer.keys() == traded.keys()
    for time, bar in answer.items():
        day, price, volume = time[:10], Fraction(1), Fraction(1)
        for until, factor, shares_factor in (
            ("2025-11-06", split, 10),
            ("2025-11-07", first, 1),
            ("2025-11-11", reverse, Fraction(1, 8)),
            ("2025-11-12", second, 1),
        ):
            if day < until:
                price, volume = price * factor, volume * shares_factor
        wanted = [round(number * price, 4) for number in traded[time][:4]]
        wanted.append(Fraction(round(traded[time][4] * volume)))
        assert bar == (wanted if time < "2025-11-12" else traded[time]), time


def test_a_call_before_an_action_knows_nothing_of_it(served: Api, clock: HandClock) -> None:
    assert hours(served, clock, BEFORE) == hours(served, clock, BEFORE, adjusted="false")
    on_the_day = hours(served, clock, utc("2025-11-06T22:00:00"))
    traded = hours(served, clock, utc("2025-11-06T22:00:00"), adjusted="false")
    assert on_the_day == {
        time: [*(round(price / 10, 4) for price in bar[:4]), bar[4] * 10]
        if time < "2025-11-06"
        else bar
        for time, bar in traded.items()
    }
