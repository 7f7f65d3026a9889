"""A replay and the computation of indicators die at every point; every point of all is tried."""

from __future__ import annotations

import pytest

from services.common import fail_points
from tests.fixtures.live import end, log_of, wait_for
from tests.integration.stream.events import test_corporate_actions
from tests.integration.stream.fail_points.trial import BEFORE_COMMIT, DIED, OF_NEW_BARS_ALONE, Trial
from tests.integration.stream.importing import test_import_kills, test_small_files
from tests.integration.views.expected.indicators import assert_derived, nothing_is_due
from tests.integration.views.expected.tables import STORED, TABLES

AFTER_COMMIT = ["sink.after_commit", "job.batch_applied"]

IN_DERIVED_SERIES = [point for point in fail_points.POINTS if point.startswith("indicators.")]

IN_A_REPLAY = [point for point in fail_points.POINTS if point.startswith("replay.")]

# How often and from which record a value came depends on how a replay is cut into parts.
MERGED = STORED.replace(", revision, kafka_partition, kafka_offset", "").replace(", revision", "")


def test_the_computation_of_derived_series_may_die_at_any_point(trial: Trial) -> None:
    trial.send()
    for point in IN_DERIVED_SERIES:
        trial.die(point, 1)
    trial.send()
    child = trial.stream.start(**trial.environment)
    wait_for((trial.stream.checkpoint / "commits" / "1").exists, "batch 1")
    wait_for(lambda: nothing_is_due(trial.stream.market), "the indicators")

    assert end(child)[0] == 0, log_of(child)
    trial.assert_exact({0: 2, 1: 2})
    assert_derived(trial.stream.market)


@pytest.mark.parametrize("point", IN_A_REPLAY)
def test_a_replay_may_die_in_the_middle(trial: Trial, point: str) -> None:
    for _ in range(3):
        trial.send()
    trial.drain(batch=0)
    market, before = trial.stream.market, trial.stream.market.rows(TABLES["sink_offsets"])
    rows = market.rows(MERGED)
    market.run("delete from market.events_stream")
    trial.stream.environment["MAX_OFFSETS_PER_TRIGGER"] = "8"

    dead = trial.stream.run("services.stream.replay", "--from", "1h", FAIL_AT=f"{point}:2")
    assert dead.returncode == DIED, dead.stderr
    assert 0 < len(market.rows(MERGED)) < len(rows)
    again = trial.stream.run("services.stream.replay", "--from", "1h")

    assert again.returncode == 0, again.stderr
    assert market.rows(MERGED) == rows
    assert market.rows(TABLES["sink_offsets"]) == before


def test_every_point_of_the_stream_is_tried() -> None:
    of_batches = {
        OF_NEW_BARS_ALONE,
        *BEFORE_COMMIT["driver"],
        *BEFORE_COMMIT["worker"],
        *AFTER_COMMIT,
    }
    beside = {*IN_DERIVED_SERIES, *test_corporate_actions.POINTS}
    of_files = {*test_import_kills.POINTS, *(kill.point for kill in test_small_files.KILLS)}
    tried = {*of_batches, *beside, *IN_A_REPLAY, *of_files}
    assert {
        point for point in fail_points.POINTS if not point.startswith(("producer.", "alerts."))
    } == tried
