"""Fixtures that several suites share; with CI=true a skipped test is a failed one."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.support import run_report

_ENGINE = "tests/engine/"
_COMPOSE, _REHEARSAL = "tests/compose/", "tests/rehearsal/"
_BESIDE_ONE_ANOTHER = 3

# The Pulumi SDK leaves gRPC's threads in a test process; its fork handlers then fail children of
# other tests between fork and exec, Spark's Java among them. No test forks to go on with gRPC.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

# No test depends on being fast: a busy machine makes examples slowly.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
# For tests that look at its name and then take many more steps.
settings.register_profile("long", settings.get_profile("patient"))

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.market",
    "tests.fixtures.sink",
    "tests.fixtures.live",
    "tests.fixtures.secured_kafka",
    "tests.fixtures.tls_postgres",
    "tests.fixtures.endpoint",
    "tests.fixtures.meeting",
]

# kafka-python reads its schemas by a call that Python 3.11 and 3.12 call deprecated. The first
# line serves the import of the plugins above, the other one everything after it.
warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)


def pytest_configure(config: pytest.Config) -> None:
    """Accept what a dependency warns of and cannot be changed here; report on the whole run."""
    config.addinivalue_line(
        "filterwarnings", "ignore:(read|open)_text is deprecated:DeprecationWarning"
    )
    run_report.register(config)


class WholeFiles(LoadScopeScheduling):  # type: ignore[misc]
    """A process takes a file whole, since its tests share servers; of the suite engine it takes the
    tests of one cloud, which share a stack. One process takes the whole suite compose, since its
    files build on one another. Of two processes alone one would wait in vain for the other's engine
    while it builds: it takes the rehearsal too."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        few = self.numnodes < _BESIDE_ONE_ANOTHER
        by_one = (_COMPOSE, _REHEARSAL) if few else (_COMPOSE,)
        if file.startswith(_ENGINE):
            return f"{file} {nodeid.partition('[')[2]}"
        return _COMPOSE if file.startswith(by_one) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> WholeFiles:
    """Return how the tests are shared out to processes."""
    return WholeFiles(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where nobody would notice it; an expected failure stays one."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {report.longrepr}"
    return report
