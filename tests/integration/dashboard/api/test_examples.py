"""Each example runs against the real API and says what it promises."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from examples.anomalies import robust_scores
from examples.forecast import measure
from tests.documents import commands
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import MINUTES, SESSIONS, SYMBOLS, Dashboard

ROOT = Path(__file__).parents[4]
JUPYTER = str(Path(sys.executable).with_name("jupyter"))
NOTEBOOK = str(ROOT / "examples/returns.ipynb")


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


@pytest.mark.parametrize("text", commands("client", "python"))
def test_the_documents_lines_of_python_run(text: str, dashboard: Dashboard) -> None:
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=ROOT,
        env={**os.environ, "TAPELINE_URL": dashboard.url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sum(map(int, done.stdout.split())) == len(SYMBOLS) * SESSIONS * MINUTES


def test_the_notebook_runs_from_its_folder(
    dashboard: Dashboard, stored: Market, tmp_path: Path
) -> None:
    home = {"HOME": str(tmp_path), "TAPELINE_URL": dashboard.url, "TZ": "Asia/Kathmandu"}
    done = subprocess.run(
        [JUPYTER, "execute", "--output", str(tmp_path / "done"), NOTEBOOK],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "SYMBOL": "TSLA", **home},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outputs = [
        output
        for cell in json.loads((tmp_path / "done.ipynb").read_text("utf-8"))["cells"]
        for output in cell.get("outputs", [])
    ]
    said = "".join("".join(one["text"]) for one in outputs if one["output_type"] == "stream")
    assert "SIMULATED" in said
    assert f"{SESSIONS * MINUTES:,} bars of TSLA, 1min" in said
    volumes = "select symbol, sum(volume) from bi.events_stream group by 1 order by 2 desc"
    wanted = [f"{symbol:<8} {volume:,.0f}" for symbol, volume in stored.rows(volumes)]
    assert said.splitlines()[-len(wanted) :] == wanted
    assert [one for one in outputs if "image/png" in one.get("data", {})]


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
