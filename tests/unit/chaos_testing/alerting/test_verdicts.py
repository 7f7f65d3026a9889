from __future__ import annotations

import yaml

from scripts.chaos_testing.alerting.expectations import BACKGROUND, EXPECTED, Expectation
from scripts.chaos_testing.alerting.verdicts import Message, complaints, firing, messages
from scripts.chaos_testing.faults.episode_plan import each, each_on_a_market
from scripts.launcher.paths import ROOT

STALLED = Expectation("StreamStalled", "batches wait", also=("TargetGone",))


def told(at: float, alert: str, *, fires: bool = True) -> Message:
    return Message(at, alert, f"alertname={alert}", fires)


def test_a_message_tells_its_alerts_but_those_that_are_always_on() -> None:
    body = {
        "alerts": [
            {"status": "firing", "labels": {"job": "stream", "alertname": "TargetGone"}},
            {"status": "resolved", "labels": {"alertname": "StreamStalled"}},
            {"status": "firing", "labels": {"alertname": "Watchdog"}},
        ]
    }
    assert messages(body, 7.0) == [
        Message(7.0, "TargetGone", "alertname=TargetGone,job=stream", True),
        told(7.0, "StreamStalled", fires=False),
    ]


def test_what_has_no_end_yet_fires() -> None:
    heard = [told(1, "A"), told(2, "B"), told(3, "A", fires=False), told(4, "StreamRetries")]
    assert firing(heard) == ["alertname=B"]


def test_an_alert_in_time_is_as_it_should_be() -> None:
    heard = [told(50, "StreamStalled"), told(51, "TargetGone"), told(90, "StreamRetries")]
    assert complaints("pause kafka", STALLED, heard, 10.0, 60.0) == []


def test_a_late_a_missing_and_a_strange_alert_are_found() -> None:
    late = [told(71, "StreamStalled")]
    assert complaints("pause kafka", STALLED, late, 10.0, 60.0) == [
        "pause kafka: StreamStalled was told after 61 s, 60 are allowed"
    ]
    before, strange = told(9, "StreamStalled"), told(20, "ClockOff")
    assert complaints("pause kafka", STALLED, [before, strange], 10.0, 60.0) == [
        "pause kafka: StreamStalled was not told",
        "pause kafka: ClockOff was told, and does not fit",
    ]
    nothing = Expectation("", "ordinary work")
    assert complaints("nothing", nothing, [told(5, "ClockOff")], 10.0, 60.0) == [
        "nothing: ClockOff was told, and does not fit"
    ]


def test_every_fault_has_its_alert_and_every_alert_its_rule() -> None:
    faults = {fault.name for episode in each(1.0, 1.0) for fault in episode}
    faults |= {fault.name for fault in each_on_a_market(1.0, 1.0)} | {"nothing"}
    assert faults == EXPECTED.keys()
    rules = {
        rule["alert"]
        for file in (ROOT / "services" / "prometheus" / "rules").glob("*.yml")
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]
        for rule in group["rules"]
    }
    named = {name for one in EXPECTED.values() for name in (one.alert, *one.also) if name}
    assert (named | BACKGROUND.keys()) - rules == set()
