"""What the alerts tell of themselves while they lead, and once another instance does."""

from __future__ import annotations

from services.alerts.metrics import Metrics


def told(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"tapeline_alerts_{name}", labels)


def test_the_one_that_leads_tells_what_waits_and_since_when_it_is_silent() -> None:
    now = [100.0]
    metrics = Metrics(lambda: now[0])
    assert told(metrics, "silent_seconds") == 0.0
    metrics.leads.set(1)
    metrics.evaluated()
    metrics.work.set(7)
    metrics.waiting({"desk": (3, 40.5)})
    now[0] = 130.0
    assert told(metrics, "silent_seconds") == 30.0
    assert told(metrics, "pending", receiver="desk") == 3
    assert told(metrics, "oldest_pending_seconds", receiver="desk") == 40.5

    metrics.led()
    assert [told(metrics, name) for name in ("leads", "work_rows", "silent_seconds")] == [0, 0, 0]
    assert told(metrics, "pending", receiver="desk") is None
    assert told(metrics, "oldest_pending_seconds", receiver="desk") is None
