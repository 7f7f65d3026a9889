from __future__ import annotations

from services.stream.error_advice import StopCause
from services.stream.metrics import Metrics
from services.stream.sink.batch import Applied
from services.stream.sink.offset_ledger import Move


def told(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"tapeline_stream_{name}", labels)


def test_silence_counts_from_the_start_and_from_each_report() -> None:
    now = [100.0]
    metrics = Metrics(trigger_seconds=2.0, monotonic=lambda: now[0])
    now[0] = 130.0
    assert (told(metrics, "silent_seconds"), told(metrics, "trigger_seconds")) == (30.0, 2.0)
    metrics.progressed()
    now[0] = 131.5
    assert told(metrics, "silent_seconds") == 1.5


def test_the_lag_in_seconds_is_gone_once_nothing_waits() -> None:
    metrics = Metrics()
    metrics.applied(Applied(stored=1, oldest_ms=1_000), now_seconds=91.0)
    metrics.lag({0: 0, 1: 7})
    assert told(metrics, "lag_seconds") == 90.0
    metrics.lag({0: 0, 1: 0})
    assert told(metrics, "lag_seconds") == 0.0


def test_one_cause_at_a_time() -> None:
    metrics = Metrics()
    metrics.stopped("expired")
    metrics.stopped("checkpoint")
    causes = {cause.value: told(metrics, "stopped", cause=cause.value) for cause in StopCause}
    assert causes == dict.fromkeys(causes, 0.0) | {"checkpoint": 1.0}
    metrics.stopped("")
    assert told(metrics, "stopped", cause="checkpoint") == 0.0


def test_records_of_events_are_counted_by_kind_and_outcome() -> None:
    metrics = Metrics()
    metrics.follows(["quotes", "corporate actions"])
    moved = Move(partition=0, start=5, until=15, stored=4, superseded=3, rejected=2, lost=1)
    metrics.moved("quotes", moved)
    counted = {
        (events, outcome): told(metrics, "event_records_total", events=events, outcome=outcome)
        for events in ("quotes", "corporate actions")
        for outcome in ("stored", "superseded", "rejected", "lost")
    }
    assert counted == dict.fromkeys(counted, 0.0) | {
        ("quotes", "stored"): 4.0,
        ("quotes", "superseded"): 3.0,
        ("quotes", "rejected"): 2.0,
        ("quotes", "lost"): 1.0,
    }
