"""Each example runs against the real API and says what it promises."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from examples.anomalies import robust_scores
from examples.client import read_bars
from examples.forecast import measure
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import MINUTES, SESSIONS, Dashboard

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("backtest", r"1,170 bars of TSLA.*trades \d+.*the rule [+-]\d.*holding [+-]\d"),
        ("anomalies", r"1,170 bars: [1-9]\d* anomalies by the API, \d+ jumps"),
        ("forecast", r"350 bars that the model has not seen.*model 0\.\d+ +naive 0\.\d+"),
    ],
)
def test_an_example_runs(name: str, wanted: str, dashboard: Dashboard) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"examples.{name}", "--url", dashboard.url, "--symbol", "TSLA"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "SIMULATED" in done.stdout
    assert re.search(wanted, done.stdout, re.DOTALL), done.stdout


def test_the_client_reads_every_bar(dashboard: Dashboard, stored: Market) -> None:
    bars = read_bars(dashboard.url, "AAPL", "1min")
    wanted = stored.rows(
        "select bar_time, close::float8 from bi.events_stream where symbol = 'AAPL' order by 1"
    )
    assert len(wanted) == SESSIONS * MINUTES
    assert [*bars["close"].items()] == wanted


def test_the_forecast_wins_where_there_is_memory_and_not_where_there_is_none() -> None:
    chance = np.random.default_rng(5)
    noise = chance.normal(0, 0.001, 4000)
    errors = measure(100 * np.exp(np.cumsum(noise)))
    assert errors.model == pytest.approx(errors.naive, rel=0.02)

    returns = noise.copy()
    for place in range(1, len(returns)):
        returns[place] += 0.6 * returns[place - 1]
    errors = measure(100 * np.exp(np.cumsum(returns)))
    assert errors.model < 0.9 * errors.naive


def test_a_jump_has_a_high_score_and_the_bar_after_it_none() -> None:
    chance = np.random.default_rng(5)
    steps = chance.normal(0, 0.001, 400)
    steps[300] = 0.02
    scores = robust_scores(pd.Series(100 * np.exp(np.cumsum(steps))))
    assert scores.abs().idxmax() == 300
    assert scores[300] > 10
    assert abs(scores[301]) < 6
