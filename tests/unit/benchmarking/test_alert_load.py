"""The load of the alerts' measurement gives the alerts that the evaluation finds."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

from scripts.benchmarking.alert_load import Load, key
from services.alerts.evaluation.evaluator import from_scratch
from services.alerts.rules import reader
from services.alerts.rules.bars import Bar
from services.alerts.rules.model import ActiveRule
from services.stream.decoding.copy_text import LINE_COLUMNS

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def bar_of(line: str) -> Bar:
    values = dict(zip(LINE_COLUMNS, line.rstrip("\n").split("\t"), strict=True))
    time = datetime.fromisoformat(values["bar_time"]).replace(tzinfo=UTC)
    opened, high, low, close, volume = (
        float(values[name]) for name in ("open", "high", "low", "close", "volume")
    )
    session = date.fromisoformat(values["session_date"])
    return Bar(time, session, opened, high, low, close, volume, time, time)


def test_what_is_due_is_what_the_rules_find(tmp_path: Path) -> None:
    load = Load(rules=200, symbols=20, bars_a_second=40.0, seconds=30.0)
    (tmp_path / "url").write_text("http://127.0.0.1:9/", encoding="utf-8")
    alerts = reader.read(load.rules_text("url"), "alerts.yaml", tmp_path)
    assert len(alerts.rules) == 200
    lines: dict[str, list[str]] = defaultdict(list)
    for bars in load.commits():
        assert len(bars) == 20
        for one in bars:
            lines[one.symbol].append(one.line(0, 0))
    found: Counter[tuple[str, str]] = Counter()
    for number, rule in enumerate(alerts.rules):
        for symbol in rule.symbols or ():
            stored = {key(line): bar_of(line) for line in lines[symbol]}
            keys = {bar.time: one for one, bar in stored.items()}
            active = ActiveRule(number, rule, LONG_AGO)
            for event in from_scratch(active, symbol, list(stored.values())):
                found[keys[event.bar_time]] += 1
    assert found == load.due()
    assert found.total() > 100
