"""A worker of Spark dies at every point before a commit and right after it."""

from __future__ import annotations

import pytest

from tests.integration.stream.fail_points.trial import BEFORE_COMMIT, Trial


@pytest.mark.timeout(900)
@pytest.mark.parametrize("trial", [{"DRIVER_ROWS": "0"}], indirect=True)
def test_a_worker_of_spark_may_die_at_any_point(trial: Trial) -> None:
    # The job ends with it, loudly; its supervisor starts it again. The other worker's partition
    # may be committed by then, the one of the dead worker is not.
    trial.send()
    trial.drain(batch=0)
    trial.send()
    for point in BEFORE_COMMIT["worker"]:
        trial.die(point, 1)
        passed = trial.passed()
        assert sorted(passed.values()) in ([1, 1], [1, 2]), point
        trial.assert_exact(passed)
    trial.die("sink.after_commit", 1)
    passed = trial.passed()
    assert 2 in passed.values()
    trial.assert_exact(passed)
    trial.send()
    trial.drain(batch=2)
    trial.assert_exact({0: 3, 1: 3})
    trial.stream.reconcile()
