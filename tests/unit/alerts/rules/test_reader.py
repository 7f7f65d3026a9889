"""A file of alerts: what it may say, and the one line that tells what is wrong with it."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from services.alerts.rules import reader
from services.alerts.rules.conditions import Change, Condition, Crosses, Gap, Lies, Volume
from services.alerts.rules.model import AppriseReceiver, Rule, RuleError, WebhookReceiver
from services.alerts.rules.yaml_nodes import parse
from services.common.secret import Secret

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
HOOK = "https://example.org/hook"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files of secrets, some of them wrong."""
    files = {
        "key": KEY,
        "phone": "tgram://123:token/456",
        "hook": HOOK,
        "empty": " \n",
        "short": "whsec_" + base64.b64encode(b"short").decode(),
        "plain": "a password",
        "two": "json://a json://b",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text + "\n", "utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    return tmp_path


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


RULE = "{name: a, symbols: AAPL, interval: 1min, when: {price: {crosses: 5}}, to: desk}"


def rule(old: str, new: str) -> str:
    assert old in RULE
    return f"receivers:\n  desk: {{webhook: {HOOK}, signing_key_file: key}}\nrules:\n  - " + (
        RULE.replace(old, new)
    )


def when(condition: str) -> str:
    return rule("{price: {crosses: 5}}", condition)


def receiver(text: str) -> str:
    return f"receivers:\n  desk: {text}\nrules: []"


WRONG = [
    # the file
    ("", "1: this is empty; it must have `rules` and `receivers`"),
    ("rules: [", "2: this is no YAML"),
    ("rules:\n\t- a", "2: this is no YAML"),
    ("rules: []\nalso: 1", "2: the file has no 'also'; it may have receivers, rules"),
    ("receivers: {}", "1: the file has no 'rules', which it needs"),
    ("- a", "1: the file must be a mapping, such as `key: value`"),
    ("rules: 5", "1: rules must be a list, each part of it with `- ` before it"),
    ("rules: []\nrules: []", "2: the file has 'rules' twice"),
    ("rules: " + "[" * 5000, "1: this is nested too deeply"),
    ("rules:\n" + "\n".join(" " * n + "- " for n in range(99)), "22: this is nested too deeply"),
    ("rules: &a []\nreceivers: *a", "1: anchors and aliases (& and *) are not taken"),
    # a rule
    (rule("name: a, ", ""), "4: a rule has no 'name', which it needs"),
    (rule("name: a", "name: ''"), "4: name must be a text"),
    (rule("name: a", f"name: {'n' * 121}"), "4: name must have at most 120 characters"),
    (rule("name: a", "nmae: a"), "4: a rule has no 'nmae'; it may have name, symbols, interval"),
    (rule(RULE, f"{RULE}\n  - {RULE}"), "5: there are two rules 'a'; each needs a name of its own"),
    (rule("to: desk", "to: dekc"), "4: there is no receiver 'dekc'; there are: desk"),
    (rule("to: desk", "to: []"), "4: to is empty"),
    (rule("symbols: AAPL", "symbols: A APL"), "4: 'A APL' is no symbol such as AAPL"),
    (rule("symbols: AAPL", "symbols: []"), "4: symbols is empty"),
    (rule("symbols: AAPL", "symbols: [all, AAPL x]"), "4: 'AAPL x' is no symbol such as AAPL"),
    (rule("interval: 1min", "interval: 2min"), "4: interval is '2min'; it must be one of 1min"),
    (rule("to:", "basis: raw, to:"), "4: basis is 'raw'; it must be one of as_traded"),
    (rule("to:", "frequency: often, to:"), "4: frequency is 'often'; it must be one of each"),
    (rule("to:", "cool_down: 5, to:"), "4: cool_down is '5'; it must be a time such as 90s"),
    # a condition
    (when("{}"), "4: when must have one condition: one of price, change, volume"),
    (when("{price: {crosses: 5}, gap: {percent: 1}}"), "4: when must have one condition"),
    (when("{prise: {crosses: 5}}"), "4: there is no condition 'prise'; there are price, change"),
    (when("{price: 5}"), "4: price must be a mapping, such as `key: value`"),
    (when("{price: {}}"), "4: price has no 'crosses', which it needs"),
    (when("{price: {crosses: five}}"), "4: crosses is 'five'; it must be a number from 1e-10"),
    (when("{price: {crosses: -5}}"), "4: crosses is '-5'; it must be a number from 1e-10"),
    (when("{price: {crosses: .nan}}"), "4: crosses is '.nan'; it must be a number from 1e-10"),
    (when("{price: {crosses: 5, direction: north}}"), "4: direction is 'north'; it must be one of"),
    (when("{change: {percent: 2}}"), "4: change has no 'bars', which it needs"),
    (when("{change: {percent: 2, bars: 1.5}}"), "4: bars is 1.5; it must be a whole number from 1"),
    (when("{change: {percent: 2, bars: 501}}"), "4: bars is '501'; it must be a number from 1 to"),
    (when("{volume: {times_usual: 0}}"), "4: times_usual is '0'; it must be a number from 1e-06"),
    (when("{indicator: {of: rsi}}"), "4: of is 'rsi'; it must be one of open, high, low, close"),
    (when("{indicator: {of: rsi_14}}"), "4: indicator must have one of crosses, above, below"),
    (when("{indicator: {of: rsi_14, above: 1, below: 2}}"), "4: indicator must have one of"),
    (when("{indicator: {of: close, above: close}}"), "4: close is compared with itself"),
    (when("{indicator: {of: close, above: sma20}}"), "4: above is 'sma20'; it must be a number or"),
    (when("{indicator: {of: close, above: 1, direction: up}}"), "4: direction goes with crosses"),
    (when("{signal: {rule: golden, direction: up}}"), "4: rule is 'golden'; it must be one of"),
    (when("{signal: {rule: rsi, direction: either}}"), "4: direction is 'either'; it must be one"),
    # a receiver
    (receiver("{}"), "2: receiver desk must have one of webhook, webhook_file, apprise_file"),
    (receiver("{webhook: a, apprise_file: b}"), "2: receiver desk must have one of"),
    ("receivers: {a b: {}}\nrules: []", "1: a receiver's name has letters, digits"),
    (receiver(f"{{webhook: {HOOK}}}"), "2: receiver desk needs signing_key_file, or `unsigned: t"),
    (receiver(f"{{webhook: {HOOK}, unsigned: yes}}"), "2: unsigned is 'yes'; it must be one of"),
    (
        receiver(f"{{webhook: {HOOK}, signing_key_file: key, unsigned: true}}"),
        "2: unsigned and sig",
    ),
    (receiver(f"{{webhook: {HOOK}, signing_key_file: no}}"), "2: signing_key_file: "),
    (receiver(f"{{webhook: {HOOK}, signing_key_file: empty}}"), "2: signing_key_file: "),
    (receiver(f"{{webhook: {HOOK}, signing_key_file: binary}}"), "2: signing_key_file: "),
    (receiver(f"{{webhook: {HOOK}, signing_key_file: plain}}"), "2: the file must hold whsec_"),
    (receiver(f"{{webhook: {HOOK}, signing_key_file: short}}"), "2: the file must hold whsec_"),
    (receiver("{webhook: example.org, unsigned: true}"), "2: the address must look like https://"),
    (receiver("{webhook: 'ftp://a/b', unsigned: true}"), "2: the address must look like https://"),
    (receiver("{webhook: 'https://a:b/', unsigned: true}"), "2: the address is no URL such as"),
    (receiver("{webhook: 'http://a/b', unsigned: true}"), "2: the address is http, where anybody"),
    (receiver("{webhook: 'https://u:p@a/', unsigned: true}"), "2: the address has a user name in"),
    (receiver("{webhook: 'https://a/ü', unsigned: true}"), "2: the address has a character that"),
    (receiver("{webhook: 'https://127.0.0.1/', unsigned: true}"), "2: the address is this machine"),
    (receiver("{webhook: 'https://localhost/', unsigned: true}"), "2: the address is this machine"),
    (receiver("{webhook: 'https://10.1.2.3/', unsigned: true}"), "2: the address is private; if"),
    (receiver("{webhook: 'https://169.254.169.254/', unsigned: true}"), "2: the address is link-l"),
    (receiver("{webhook: 'https://[::ffff:10.0.0.1]/', unsigned: true}"), "2: the address is priv"),
    (receiver("{apprise_file: plain}"), "2: the file must hold one Apprise URL, such as tgram://"),
    (receiver("{apprise_file: two}"), "2: the file must hold one Apprise URL, such as tgram://"),
    (receiver("{apprise_file: phone, unsigned: true}"), "2: receiver desk has no 'unsigned'; it m"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_wrong_is_told_in_one_line_with_its_number(
    text: str, told: str, folder: Path
) -> None:
    with pytest.raises(RuleError) as caught:
        reader.read(text, "alerts.yaml", folder)
    line = str(caught.value)
    assert line.startswith(f"alerts.yaml:{told}")
    assert "\n" not in line
    assert KEY not in line
    assert "a password" not in line


def test_there_are_forty_kinds_at_least() -> None:
    assert len({told for _, told in WRONG}) >= 40


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
