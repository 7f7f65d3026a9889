"""Lines from readings: rates over restarts and silence, heights, quantiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest

from services.dashboard.pipeline_page.charts import CHARTS, Line, lines
from services.dashboard.pipeline_page.points import Point, points, quantile_of, step_seconds
from services.dashboard.pipeline_page.readings import History, reading_of
from services.producer import metrics as producer_metrics
from services.stream import metrics as stream_metrics
from services.stream.sink.batch import Applied

STORED = 'tapeline_stream_records_total{{outcome="stored"}} {}'


def drawn(readings: Sequence[tuple[float, str]], since: int, until: int, step: int) -> Any:
    history = History()
    for at, text in readings:
        history.add(reading_of(at, text))
    found = points(history.since(since), since, until, step)
    assert [line for line, _ in found] == list(lines())
    return {(line.metric, line.label): told for line, told in found}


def stored(told: Any) -> list[Point]:
    return told["tapeline_stream_records_total", "stored"]  # type: ignore[no-any-return]


def test_a_rate_goes_on_where_a_service_began_anew() -> None:
    counts = [0, 150, 300, 30, 180]
    told = drawn([(15 * at, STORED.format(n)) for at, n in enumerate(counts)], 0, 60, 30)
    # The restart lost nothing that can be known: 30 were stored since.
    assert stored(told) == [(30, 10.0), (60, 6.0)]


def test_silence_is_no_rate_and_no_zero() -> None:
    readings = [(0, STORED.format(0)), (15, STORED.format(15)), (30, ""), (45, "")]
    # What was stored in ten minutes of which nothing was read is not put into the last of them.
    readings += [(645, STORED.format(9_000)), (660, STORED.format(9_015))]
    told = stored(drawn(readings, 0, 660, 60))
    assert told == [(60, 1.0), *((60 * n, None) for n in range(2, 11)), (660, 1.0)]


def test_a_step_has_the_highest_lag_of_all_partitions_together() -> None:
    def lag(first: int, second: int) -> str:
        name = "tapeline_stream_lag_records"
        return f'{name}{{partition="0"}} {first}\n{name}{{partition="1"}} {second}'

    told = drawn([(0, lag(0, 0)), (15, lag(5, 900)), (30, lag(1, 2))], 0, 30, 30)
    assert told["tapeline_stream_lag_records", "waiting"] == [(30, 905.0)]


def test_the_services_own_metrics_are_understood() -> None:
    """No line names what no service tells: those of exporters are Prometheus's alone."""
    stream, producer = stream_metrics.Metrics(), producer_metrics.Metrics()
    producer.calls_a_day(25)

    def told() -> str:
        both = (stream.registry, producer.registry)
        return "\n".join(generate_latest(one).decode() for one in both)

    stream.lag({0: 0})
    stream.retried("lost")
    producer.acknowledged(["1min"])
    before = reading_of(0.0, told())
    stream.applied(Applied(stored=90, superseded=7, rejected=2, lost=1, oldest_ms=0), 0.2)
    stream.lag({0: 40, 3: 2})
    stream.retried("lost")
    producer.acknowledged(["1min"] * 30)
    producer.calls_today(7)
    history = History()
    history.add(before)
    history.add(reading_of(15.0, told()))
    found = points(history.since(0), 0, 15, 15)
    values = {(line.label, line.metric.split("_")[0]): told[0][1] for line, told in found}
    exported = {("size", "pg"): None, ("free", "node"): None}
    assert values == exported | {
        ("sent to Kafka", "tapeline"): 2.0,
        ("stored", "tapeline"): 6.0,
        ("superseded", "tapeline"): pytest.approx(7 / 15),
        ("waiting", "tapeline"): 42.0,
        ("median", "tapeline"): pytest.approx(0.15),
        ("99 %", "tapeline"): pytest.approx(0.199),
        ("rejected", "tapeline"): 8.0,
        ("lost", "tapeline"): 4.0,
        ("retries", "tapeline"): 4.0,
        ("calls", "tapeline"): 7.0,
        ("the plan's most", "tapeline"): 25.0,
    }


@pytest.mark.parametrize(
    ("counts", "quantile", "value"),
    [
        ((0, 10, 10), 0.5, 0.3),
        ((4, 8, 8), 0.25, 0.05),
        ((0, 0, 5), 0.5, 0.5),
        ((0, 0, 0), 0.5, None),
        ((), 0.5, None),
    ],
)
def test_a_quantile_is_that_of_prometheus(
    counts: Sequence[float], quantile: float, value: float | None
) -> None:
    bounds = (0.1, 0.5, math.inf)[: len(counts)]
    found = quantile_of(bounds, counts, quantile)
    assert found == (None if value is None else pytest.approx(value))


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.booleans()), min_size=2, max_size=40),
    st.sampled_from([15, 30, 60]),
)
def test_rates_add_up_to_what_was_counted(grown: list[tuple[int, bool]], step: int) -> None:
    readings, count, total = [(0.0, STORED.format(0))], 0, 0
    for number, (more, restarted) in enumerate(grown, 1):
        # A count that is as high as before is taken for one that went on.
        count = more if restarted and more < count else count + more
        total += more
        readings.append((15.0 * number, STORED.format(count)))
    until = 60 * math.ceil(15 * len(grown) / 60)
    told = stored(drawn(readings, 0, until, step))
    seconds = [15 * sum(1 for at, _ in readings[1:] if end - step < at <= end) for end, _ in told]
    rates = (0.0 if rate is None else rate for _, rate in told)
    assert sum(rate * of for rate, of in zip(rates, seconds, strict=True)) == pytest.approx(total)


def test_a_day_is_kept_and_drawn_in_steps_of_whole_readings() -> None:
    history = History()
    for at in range(0, 90_000, 15):
        history.add(reading_of(at, STORED.format(at)))
    assert (history.begins, len(list(history.since(0)))) == (90_000 - 86_400, 5_760)
    assert [step_seconds(span) for span in (3_600, 21_600, 86_400)] == [15, 90, 360]


def test_each_line_is_an_expression_of_its_own() -> None:
    expressions = [line.promql("60s") for line in lines()]
    assert len({*expressions}) == len(expressions) == sum(len(one.lines) for one in CHARTS)
    assert Line("x", "m_total", "per_minute", 'a="b"').promql("60s") == (
        '60 * sum(rate(m_total{a="b"}[60s]))'
    )
