"""What can be wrong with a file of alerts, and the one line that tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.alerts.rules import reader
from services.alerts.rules.model import RuleError
from tests.unit.alerts.rules.conftest import HOOK, KEY

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
    (when("{change: {percent: 2}}"), "4: change must have one of bars, span"),
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
    (when("{change: {percent: 2, bars: 5, span: 1h}}"), "4: change must have one of bars, span"),
    (when("{change: {percent: 2, span: 30}}"), "4: span is '30'; it must be a time such as 90s"),
    (when("{change: {percent: 2, span: 30s}}"), "4: span is '30s'; it must be from 1 to 500 bars"),
    (when("{change: {percent: 2, span: 9h}}"), "4: span is '9h'; it must be from 1 to 500 bars of"),
    (when("{pattern: {is: harami}}"), "4: is is 'harami'; it must be one of doji, hammer, shoot"),
    (when("{pattern: hammer}"), "4: pattern must be a mapping, such as `key: value`"),
    (when("{anomaly: {of: close}}"), "4: of is 'close'; it must be one of price, volume, gap, out"),
    (when("{anomaly: {of: gap, severity: 3}}"), "4: severity is '3'; it must be one of low, medi"),
    (when("{no_data: {}}"), "4: no_data has no 'for', which it needs"),
    (when("{no_data: {for: 10s}}"), "4: for is '10s'; it must be from 1min to 30d"),
    (when("{no_data: {for: 31d}}"), "4: for is '31d'; it must be from 1min to 30d"),
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
