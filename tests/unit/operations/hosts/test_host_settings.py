"""The settings that a host has are those of the stack, and what differs is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.outputs import StackOutputs
from scripts.operations.hosts import host_settings
from scripts.operations.status import status_report
from tests.unit.operations.fakes import Answer, operation, outputs

HEAD = [
    "TAPELINE_SECRETS=/opt/tapeline/keys",
    "TAPELINE_GIVEN=/opt/tapeline/given",
    "TAPELINE_METRICS=/opt/tapeline/metrics",
    "BACKUP_REPOSITORY='s3://bucket/tapeline?region=eu-central-1'",
    "POSTGRES_TLS_NAMES=DNS:db.example.org,IP:203.0.113.7",
]
FRONT = ["DASHBOARD_DOMAIN=db.example.org", "FRONT_PUBLISHED=0.0.0.0:443"]
FRONT_HTTP = ["FRONT_HTTP_PUBLISHED=0.0.0.0:80", "TAPELINE_ACME=/opt/tapeline/acme"]
CLOSED = replace(outputs(), dashboard_cidrs=(), settings={"SYMBOLS": "AAPL"})
SHOWN = replace(CLOSED, dashboard_cidrs=("203.0.113.64/26",))


@pytest.mark.parametrize(
    ("target", "folder"), [("", "/var/lib/tapeline/backups"), ("/mnt/nas", "/mnt/nas")]
)
def test_backups_that_stay_on_the_host_have_a_folder(target: str, folder: str) -> None:
    told = host_settings.lines(replace(CLOSED, backup_target=target))
    assert f"TAPELINE_BACKUPS={folder}" in told
    assert not any(line.startswith("BACKUP_REPOSITORY") for line in told)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (replace(CLOSED, certificate="acme"), [*HEAD, "SYMBOLS=AAPL"]),
        (SHOWN, [*HEAD, *FRONT, "SYMBOLS=AAPL", "COMPOSE_PROFILES=front"]),
        (
            replace(SHOWN, certificate="acme"),
            [*HEAD, *FRONT, *FRONT_HTTP, "SYMBOLS=AAPL", "COMPOSE_PROFILES=front"],
        ),
        (
            replace(SHOWN, settings={"COMPOSE_PROFILES": "pgadmin"}),
            [*HEAD, *FRONT, "COMPOSE_PROFILES=pgadmin,front"],
        ),
        (
            replace(CLOSED, settings={"COMPOSE_PROFILES": "pgadmin"}, build_ca="PEM"),
            [*HEAD, "BUILD_CA_FILE=/opt/tapeline/build-ca.pem", "COMPOSE_PROFILES=pgadmin"],
        ),
        (
            replace(CLOSED, settings={"KAFKA_JAVA_OPTIONS": "-Da=$HOME #1"}),
            [*HEAD, "KAFKA_JAVA_OPTIONS='-Da=$HOME #1'"],
        ),
    ],
)
def test_the_lines_of_the_file(told: StackOutputs, wanted: list[str]) -> None:
    assert host_settings.lines(told) == wanted


def told(there: list[str], key: str = "CANARYKEY3F7D28E1") -> str:
    answers: dict[str, Answer] = {
        "settings.env": "# Ansible\n" + "\n".join(there) + "\n",
        "alpha_vantage_key": f"{key}\n",
    }
    return status_report.settings(operation(answers)[0])


def test_a_host_that_has_what_is_configured() -> None:
    assert told(host_settings.lines(outputs())) == "as configured"


def test_a_host_that_has_something_else() -> None:
    there = [line for line in host_settings.lines(outputs()) if "PLAN" not in line]
    there = ["SYMBOLS=AAPL" if line.startswith("SYMBOLS") else line for line in there]
    assert told([*there, "LOG_LEVEL=DEBUG"], "OLD") == (
        "ALPHA_VANTAGE_PLAN is not set, configured is 75; "
        "SYMBOLS is AAPL, configured is AAPL,NVDA; LOG_LEVEL is DEBUG, configured is nothing; "
        "alphaVantageKey is another one there; to bring them: fab deploy --stack prod"
    )


def test_the_profiles_that_are_on_are_those_of_the_settings_and_the_front() -> None:
    both = {"COMPOSE_PROFILES": "observe, alerts"}
    assert host_settings.profiles(CLOSED) == ()
    assert host_settings.profiles(replace(CLOSED, settings=both)) == ("observe", "alerts")
    assert host_settings.profiles(replace(SHOWN, settings=both)) == ("observe", "alerts", "front")
