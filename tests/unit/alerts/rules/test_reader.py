"""A file of alerts: what it may say, and the one line that tells what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.alerts.rules import reader
from services.alerts.rules.anomalies import StandsOut
from services.alerts.rules.conditions import (
    Change,
    ChangeOver,
    Condition,
    Crosses,
    Gap,
    Lies,
    Volume,
)
from services.alerts.rules.model import AppriseReceiver, Rule, RuleError, WebhookReceiver
from services.alerts.rules.no_data import NoData
from services.alerts.rules.patterns import Pattern
from services.alerts.rules.yaml_nodes import parse
from services.common.secret import Secret
from tests.unit.alerts.rules.conftest import HOOK, KEY

WHOLE = f"""\
receivers:
  desk: {{webhook: {HOOK}, signing_key_file: key}}
  phone: {{apprise_file: phone}}
  own:
    {{webhook: "http://10.0.0.7:80/x?y=1", unsigned: true, allow_private: true, allow_http: true}}
  hidden: {{webhook_file: hook, signing_key_file: key}}
rules:
  - {{name: level, symbols: aapl, interval: 1min, when: {{price: {{crosses: 300.5}}}}, to: desk}}
  - name: all of it
    symbols: [MSFT, "FX:EUR/USD", MSFT]
    interval: 1d
    basis: total_return
    frequency: session
    cool_down: 90min
    when: {{indicator: {{of: sma_20, crosses: sma_50, direction: up}}}}
    to: [desk, phone, desk]
"""


def test_a_file_says_rules_and_receivers(folder: Path) -> None:
    found = reader.read(WHOLE, "alerts.yaml", folder)
    level, whole = found.rules
    assert level == Rule(
        name="level",
        symbols=("AAPL",),
        interval="1min",
        condition=Crosses("close", 300.5, "either"),
        receivers=("desk",),
        definition=level.definition,
    )
    assert whole == Rule(
        name="all of it",
        symbols=("MSFT", "FX:EUR/USD"),
        interval="1d",
        condition=Crosses("sma_20", "sma_50", "up"),
        receivers=("desk", "phone"),
        basis="total_return",
        frequency="session",
        cool_down=5400.0,
        definition=whole.definition,
    )
    assert found.receivers == (
        WebhookReceiver("desk", Secret(HOOK), Secret(KEY)),
        AppriseReceiver("phone", Secret("tgram://123:token/456")),
        WebhookReceiver("own", Secret("http://10.0.0.7:80/x?y=1"), None, True, True),
        WebhookReceiver("hidden", Secret(HOOK), Secret(KEY)),
    )


def test_a_rule_is_read_from_what_is_kept_of_it(folder: Path) -> None:
    for rule in reader.read(WHOLE, "alerts.yaml", folder).rules:
        node = parse("kept", rule.definition)
        assert reader.read_rule(node, None) == rule


@pytest.mark.parametrize(
    ("when", "condition"),
    [
        ("{price: {crosses: 5, direction: down}}", Crosses("close", 5.0, "down")),
        ("{change: {percent: 2.5, bars: 30}}", Change(2.5, 30)),
        ("{change: {percent: 2, span: 30min}}", ChangeOver(2.0, 1800.0, 7)),
        ("{change: {percent: 2, span: 1h, direction: up}}", ChangeOver(2.0, 3600.0, 13, "up")),
        ("{pattern: {is: hammer}}", Pattern("hammer")),
        ("{anomaly: {of: volume}}", StandsOut("volume")),
        ("{anomaly: {of: price, severity: high}}", StandsOut("price", 3)),
        ("{no_data: {for: 10min}}", NoData(600.0)),
        ("{volume: {times_usual: 3}}", Volume(3.0)),
        ("{volume: {times_usual: 3, bars: 50}}", Volume(3.0, 50)),
        ("{gap: {percent: 1, direction: up}}", Gap(1.0, "up")),
        ("{indicator: {of: rsi_14, above: 70}}", Lies("rsi_14", "above", 70.0)),
        ("{indicator: {of: close, below: vwap}}", Lies("close", "below", "vwap")),
        ("{signal: {rule: rsi, direction: up}}", Crosses("rsi_14", 30.0, "up")),
    ],
)
def test_a_condition(when: str, condition: Condition) -> None:
    text = f"rules:\n - {{name: a, symbols: all, interval: 5min, when: {when}, to: x}}"
    node = parse("f", text)
    [rule] = node.mapping("the file", ("rules",), ())["rules"].items("rules")
    assert reader.read_rule(rule, {"x": None}).condition == condition
    assert reader.read_rule(rule, {"x": None}).symbols is None


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="gone: it cannot be read: No such file or directory"):
        reader.read_file(tmp_path / "gone")
    (tmp_path / "latin").write_bytes(b"rules: \xff")
    with pytest.raises(RuleError, match="latin: it is not UTF-8"):
        reader.read_file(tmp_path / "latin")
    with (tmp_path / "large").open("wb") as large:
        large.truncate(reader.MOST_BYTES + 1)
    with pytest.raises(RuleError, match="large: it has more than 64 MiB"):
        reader.read_file(tmp_path / "large")


def test_the_documented_file_is_right(folder: Path) -> None:
    document = (Path(__file__).parents[4] / "docs" / "market-alerts.md").read_text("utf-8")
    [text] = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    (folder / "desk_key").write_text(KEY, "utf-8")
    (folder / "phone_url").write_text("tgram://123:token/456", "utf-8")
    assert [one.name for one in reader.read(text, "alerts.yaml", folder).rules] == [
        "AAPL above 300",
        "overbought",
    ]
