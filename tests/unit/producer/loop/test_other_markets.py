"""Foreign exchange, digital currencies and indices over a week-end in which clocks are put back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.settings import Environment, SettingError
from services.producer.alpha_vantage.classify import Verdict, classify
from services.producer.alpha_vantage.query import parameters
from services.producer.alpha_vantage.quota_planner import parse_plan as producer_plan
from services.producer.alpha_vantage.source import read_source
from services.producer.series import FULL, Series, Slice
from services.simulator.api.calls import Api
from services.simulator.api.rate_limits import Limiter, parse_plan
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import load_sessions
from tests.unit.producer.fakes import Broker, Clock, Vendor
from tests.unit.producer.harness import Process, World, published
from tests.unit.simulator.fakes import ask

FRIDAY_NOON = datetime(2025, 10, 31, 12, tzinfo=UTC)
MONDAY = datetime(2025, 11, 3, 6, 10, tzinfo=UTC)
CLOSED = (datetime(2025, 11, 1, 0, 30, tzinfo=UTC), datetime(2025, 11, 2, 22, tzinfo=UTC))
EUR_USD, BTC_USD, SPX = (
    Series("FX:EUR/USD", "60min"),
    Series("CRYPTO:BTC/USD", "60min"),
    Series("INDEX:SPX", "1d"),
)
PREMIUM = {
    "ALPHA_VANTAGE_PLAN": "unlimited",
    "SYMBOLS": "FX:EUR/USD,CRYPTO:BTC/USD,INDEX:SPX",
    "INTERVALS": "60min",
    "HISTORY_MONTHS": "2",
    "CORPORATE_ACTIONS": "true",
    "ADJUSTED": "true",
}


class SimulatedVendor(Vendor):
    """The simulator's answers, called without a network; each call with its instant."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock.now)
        plan = parse_plan("unlimited")
        sessions = load_sessions(clock.now())
        limiter = Limiter(plan, clock.monotonic, clock.now)
        self._clock = clock
        self._api = Api(SimulatedBars(1, sessions), sessions, plan, limiter, clock.now)
        self._source = read_source(Environment({"ALPHA_VANTAGE_KEY": "K"}), producer_plan("75"))
        self.times: list[tuple[Series, datetime]] = []

    def fetch(self, series: Series, part: Slice) -> tuple[Verdict, datetime]:
        """Answer a call."""
        self.times.append((series, self._clock.now()))
        self.calls.append((series, part))
        answer = ask(self._api, parameters(self._source, series, part))
        return classify(answer.status, answer.headers, answer.body, series), self._clock.now()


def test_each_market_is_polled_by_its_own_week_and_nothing_is_left_out(tmp_path: Path) -> None:
    clock = Clock(FRIDAY_NOON)
    vendor = SimulatedVendor(clock)
    world = World(tmp_path, clock, vendor, Broker())
    process = Process(world, PREMIUM)
    while clock.now() < MONDAY:
        process.steps(5)
        if clock.now().hour == 6:  # a restart in the middle of the week-end, among others
            process.end()
            process = Process(world, PREMIUM)
        clock.move(minutes=30)
    process.steps(5)
    process.end()

    asked = {
        each: [at for series, at in vendor.times if series == each]
        for each in (EUR_USD, BTC_USD, SPX)
    }
    assert {series for series, _ in vendor.times} == set(asked)  # no month, no list of splits
    assert [at for at in asked[EUR_USD] if CLOSED[0] < at < CLOSED[1]] == []
    assert len([at for at in asked[BTC_USD] if CLOSED[0] < at < CLOSED[1]]) > 80
    final = {
        (bar["symbol"], bar["exchange_time"]): tuple(bar["ohlcv"].values())
        for bar in published(world.broker)
        if bar["is_final"]
    }
    for series in asked:
        verdict, _ = vendor.fetch(series, FULL)
        # The newest bar of a pair is forming; the day of the index was over on Friday.
        ended = sorted(verdict.bars)[: None if series == SPX else -1]
        sent = {time for symbol, time in final if symbol == series.symbol}
        assert (sent >= set(ended), max(sent)) == (True, ended[-1])
    basis = {(bar["freshness"], bar["adjusted"]) for bar in published(world.broker)}
    assert basis == {("realtime", False), ("end_of_day", False)}


def test_the_start_refuses_an_index_on_a_free_key_in_one_line(tmp_path: Path) -> None:
    clock = Clock(FRIDAY_NOON)
    world = World(tmp_path, clock, SimulatedVendor(clock), Broker())
    with pytest.raises(SettingError) as refused:
        Process(world, {"SYMBOLS": "AAPL,INDEX:SPX,FX:EUR/USD"})
    assert str(refused.value) == (
        "SYMBOLS do not fit ALPHA_VANTAGE_PLAN: INDEX:SPX 1d: indices are a premium feature of "
        "Alpha Vantage; leave it out, or set ALPHA_VANTAGE_PLAN to the calls a minute of a "
        "premium key"
    )
