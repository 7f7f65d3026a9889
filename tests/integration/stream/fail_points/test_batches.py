"""The job dies at every point of a batch."""

from __future__ import annotations

import pytest

from tests.integration.stream.fail_points.trial import BEFORE_COMMIT, DIED, OF_NEW_BARS_ALONE, Trial


@pytest.mark.timeout(900)
@pytest.mark.parametrize("trial", [{"STRAIGHT_ROWS": "1"}], indirect=True)
def test_the_job_may_die_at_any_point(trial: Trial) -> None:
    trial.send()
    trial.die(OF_NEW_BARS_ALONE, DIED)
    trial.assert_exact({0: 0, 1: 0})
    trial.drain(batch=0)
    trial.send()
    for point in BEFORE_COMMIT["driver"]:
        trial.die(point, DIED)
        trial.assert_exact({0: 1, 1: 1})
    trial.die("sink.after_commit", DIED)
    trial.assert_exact({0: 2, 1: 2})
    trial.send()
    # The first time is for the batch before, of which only Spark does not know that it is done.
    trial.die("job.batch_applied:2", DIED)
    trial.assert_exact({0: 3, 1: 3})
    trial.send()
    trial.drain(batch=3)
    trial.assert_exact({0: 4, 1: 4})
    trial.stream.reconcile()
