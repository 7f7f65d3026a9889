"""The rules: checked and tried by promtool, documented, and about metrics that exist."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.containers.monitoring_tools import tool
from scripts.launcher.paths import ROOT
from tests.contract.test_documents import anchors
from tests.integration.alerts import cases
from tests.integration.alerts.cases.case import Case

FILES = sorted((ROOT / "services" / "prometheus" / "rules").glob("*.yml"))
RULES: list[dict[str, Any]] = [
    rule
    for file in FILES
    for group in yaml.safe_load(file.read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
ALWAYS_ON = "Watchdog"


@pytest.fixture(scope="module")
def promtool() -> Path:
    return tool("promtool", os.environ)


def said(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_promtool_finds_no_fault(promtool: Path) -> None:
    code, text = said(promtool, "check", "rules", "--lint=all", "--lint-fatal", *FILES)
    assert code == 0, text


def as_test(case: Case) -> dict[str, Any]:
    """Return promtool's test: at each instant these alerts fire, and no other."""
    firing = f'count by (alertname) (ALERTS{{alertstate="firing",alertname!="{ALWAYS_ON}"}})'
    names = sorted({case.alert, *case.also} - {""})
    fired = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in names]
    return {
        "name": case.alert or "silent",
        "interval": case.interval,
        "input_series": [{"series": name, "values": each} for name, each in case.series.items()],
        "promql_expr_test": [
            {"expr": firing, "eval_time": at, "exp_samples": expected}
            for at, expected in ((case.before, []), (case.during, fired), (case.after, []))
        ],
    }


@pytest.mark.parametrize("interval", ["10s", "1m"])
def test_each_alert_comes_and_goes_alone(promtool: Path, tmp_path: Path, interval: str) -> None:
    tried = {
        "rule_files": [str(file) for file in FILES],
        "evaluation_interval": interval,
        "tests": [as_test(case) for case in cases.ALL if case.interval == interval],
    }
    file = tmp_path / "tests.yml"
    file.write_text(yaml.safe_dump(tried), encoding="utf-8")
    code, text = said(promtool, "test", "rules", file)
    assert code == 0, text


def test_every_alert_is_tried() -> None:
    assert {case.interval for case in cases.ALL} == {"10s", "1m"}
    tried = {case.alert for case in cases.ALL} - {""}
    assert tried | {ALWAYS_ON} == {rule["alert"] for rule in RULES}


def test_every_alert_has_a_severity_one_sentence_and_its_section() -> None:
    sections = {path: anchors(ROOT / path) for path in ("docs/alerts.md",)}
    for rule in RULES:
        name, notes = rule["alert"], rule["annotations"]
        assert rule["labels"]["severity"] in ("critical", "warning", "none"), name
        assert notes["summary"].endswith("."), name
        path, _, section = notes["runbook"].partition("#")
        assert (section, section in sections[path]) == (name.lower(), True), name
