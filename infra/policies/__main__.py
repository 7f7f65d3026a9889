"""The policy pack: each resource's inputs in, violations out; infra.exposure judges.

`postgres-open-to-the-world` and `dashboard-open-to-the-world` can be lowered with a policy
configuration for a stack that says in words that it wants so; the others cannot be wanted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:] = [str(_HERE.parents[1]), *(path for path in sys.path if Path(path).resolve() != _HERE)]

from pulumi_policy import (  # noqa: E402
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

from infra import exposure  # noqa: E402
from infra.machine.firewall import HTTPS_PORT, POSTGRES_PORT, SSH_PORT  # noqa: E402

Judge = Callable[[ResourceValidationArgs], list[str]]


def policy(name: str, description: str, judge: Judge) -> ResourceValidationPolicy:
    """Return the policy that reports what `judge` finds."""

    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        for finding in judge(args):
            report_violation(finding, None)

    return ResourceValidationPolicy(name=name, description=description, validate=validate)


POLICIES = (
    policy(
        "only-declared-ports",
        "Only SSH, PostgreSQL, the dashboard and the certificate authority's check come in.",
        lambda args: exposure.undeclared_openings(args.resource_type, args.props),
    ),
    policy(
        "ssh-open-to-the-world",
        "SSH answers the operators' addresses alone.",
        lambda args: exposure.world_open_findings(SSH_PORT, args.resource_type, args.props),
    ),
    policy(
        "postgres-open-to-the-world",
        "PostgreSQL answers listed addresses alone.",
        lambda args: exposure.world_open_findings(POSTGRES_PORT, args.resource_type, args.props),
    ),
    policy(
        "dashboard-open-to-the-world",
        "The dashboard answers listed addresses alone.",
        lambda args: exposure.world_open_findings(HTTPS_PORT, args.resource_type, args.props),
    ),
    policy(
        "no-secret-in-user-data",
        "User data holds nothing that looks like a secret.",
        lambda args: exposure.user_data_findings(args.props),
    ),
)

if __name__ == "__main__":
    PolicyPack(
        name="tapeline", enforcement_level=EnforcementLevel.MANDATORY, policies=list(POLICIES)
    )
