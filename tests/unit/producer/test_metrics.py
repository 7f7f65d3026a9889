from __future__ import annotations

from urllib.request import urlopen

from services.producer.alpha_vantage.classify import Kind
from services.producer.metrics import Metrics


def test_every_kind_of_answer_has_its_counter_from_the_start() -> None:
    metrics = Metrics()
    port = metrics.serve("127.0.0.1", 0)
    metrics.answer(Kind.DAILY)
    with urlopen(f"http://127.0.0.1:{port}/metrics") as response:
        text = response.read().decode()
    for kind in Kind:
        expected = 1.0 if kind is Kind.DAILY else 0.0
        assert f'tapeline_producer_answers_total{{kind="{kind.value}"}} {expected}' in text
    metrics.stop()


def test_values() -> None:
    metrics = Metrics()
    metrics.acknowledged(["5min", "1d", "5min"])
    metrics.refused(2)
    metrics.unchanged(3)
    metrics.waiting(4)
    metrics.series(5, 1)
    metrics.calls_today(6)
    metrics.covered("AAPL", "5min", 1.5)
    assert metrics.value("bars_acknowledged_total", interval="5min") == 2
    assert metrics.value("bars_refused_total") == 2
    assert metrics.value("bars_unchanged_total") == 3
    assert metrics.value("bars_waiting") == 4
    assert (metrics.value("series"), metrics.value("series_given_up")) == (5, 1)
    assert metrics.value("calls_today") == 6
    assert metrics.value("asked_timestamp_seconds", symbol="AAPL", interval="5min") == 1.5


def test_calls_without_an_answer_are_counted_in_a_row() -> None:
    metrics = Metrics()
    counted = []
    for kind in (Kind.TIMED_OUT, Kind.SERVER_ERROR, Kind.DAILY, Kind.UNREACHABLE, Kind.BROKEN_OFF):
        metrics.answer(kind)
        counted.append(metrics.value("unanswered_calls"))
    assert counted == [1, 2, 0, 1, 2]
