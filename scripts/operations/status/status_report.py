"""How the pipeline is: what its parts print in, a few lines for a person out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from scripts.operations import compose_commands
from scripts.operations.backups.backups import hours_since, newest
from scripts.operations.credentials import certificate
from scripts.operations.errors import OperationError, UnreachableError
from scripts.operations.hosts import allowlist, host_settings, host_updates
from scripts.operations.operation import Operation
from scripts.operations.releases import deploy
from scripts.operations.releases.health_gate import look
from scripts.operations.status import alerts, price_bases

_FRESHNESS = """
select json_build_object('bars', count(*), 'newest_bar', max(bar_time),
    'written', extract(epoch from now() - max(updated_at))::int,
    'rejected', (select coalesce(sum(rejected), 0) from bi.sink_status),
    'lost', (select coalesce(sum(lost), 0) from bi.sink_status)) from bi.events_stream
"""
_UNKNOWN = "unknown: "
WHICH_GIVEN_UP = "fab logs --service producer --grep 'given up'"


def status(operation: Operation) -> tuple[list[str], bool]:
    """Return one line for each thing that one wants to know every day, and whether anything of
    the containers could be found out.

    Raises UnreachableError.
    """
    parts: dict[str, Callable[[Operation], str]] = {
        "release": lambda one: deploy.current(one) if one.target.is_remote else "the checkout",
        "settings": settings,
        "health": lambda one: str(look(one)),
        "freshness": freshness,
        "lag": lag,
        "alerts": alerts.state,
        "series": series,
        "bases": price_bases.state,
        "quota": quota,
        "disk": disk,
        "engine": host_updates.engine,
        "certificate": certificate.state,
        "backup": last_backup,
        "networks": lambda one: ", ".join(allowlist.listed(one)) or "nobody from elsewhere",
    }
    told = {name: _or_why_not(part, operation) for name, part in parts.items()}
    of_containers = [text for name, text in told.items() if name not in ("release", "settings")]
    is_known = any(not text.startswith(_UNKNOWN) for text in of_containers)
    return [f"{name:12}{text}" for name, text in told.items()], is_known


def _or_why_not(part: Callable[[Operation], str], operation: Operation) -> str:
    try:
        return part(operation)
    except UnreachableError:
        raise
    except OperationError as error:
        return f"{_UNKNOWN}{str(error).splitlines()[-1]}"


def settings(operation: Operation) -> str:
    """Return whether the host has the settings and the key that are configured, or what differs."""
    if operation.outputs is None:
        return "the checkout's .env"
    there = operation.run(compose_commands.of_file("cat", host_settings.FILE))
    differing = host_settings.differences(host_settings.lines(operation.outputs), there)
    key = operation.outputs.secrets["alpha_vantage_key"]
    file = f"{operation.target.keys}/alpha_vantage_key"
    if key and operation.run(compose_commands.of_file("cat", file)).strip() != key:
        differing.append("alphaVantageKey is another one there")
    if not differing:
        return "as configured"
    return f"{'; '.join(differing)}; to bring them: fab deploy --stack {operation.target.name}"


def freshness(operation: Operation) -> str:
    """Return how many bars there are and how old the newest write is."""
    found = json.loads(operation.run(compose_commands.psql(operation.target, query=_FRESHNESS)))
    if not found["bars"]:
        return "no bar yet"
    return (
        f"{found['bars']} bars, the newest of {found['newest_bar']}, written {found['written']} s "
        f"ago; {found['rejected']} rejected, {found['lost']} lost"
    )


def lag(operation: Operation) -> str:
    """Return how many records wait in Kafka."""
    text = operation.run(compose_commands.metrics(operation.target, "stream"))
    waiting = sum(samples(text, "tapeline_stream_lag_records"))
    return f"{waiting:.0f} records in Kafka that are not yet in the table"


def series(operation: Operation) -> str:
    """Return how many series are polled, and how many of them the API gives no bars of."""
    polled, given_up = polled_and_given_up(operation)
    told = f", {given_up:.0f} GIVEN UP: {WHICH_GIVEN_UP}"
    return f"{polled:.0f} polled{told if given_up else ''}"


def polled_and_given_up(operation: Operation) -> tuple[float, float]:
    text = operation.run(compose_commands.metrics(operation.target, "producer"))
    polled, given_up = (samples(text, f"tapeline_producer_series{of}") for of in ("", "_given_up"))
    if not polled:
        raise OperationError("the producer tells of no series")
    return sum(polled), sum(given_up)


def quota(operation: Operation) -> str:
    """Return the calls that were charged to this day."""
    text = operation.run(compose_commands.metrics(operation.target, "producer"))
    return f"{sum(samples(text, 'tapeline_producer_calls_today')):.0f} calls charged to this day"


def samples(text: str, name: str) -> list[float]:
    """Return the values of a metric in Prometheus' text format."""
    found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
    return [float(value) for value in found]


def disk(operation: Operation) -> str:
    """Return what is left of the disk that holds the data."""
    root = "\"$(docker info --format '{{.DockerRootDir}}')\""
    size, free, share = operation.run(f"df -Pk {root} | awk 'END {{print $2, $4, $5}}'").split()
    return f"{int(free) / 1e6:.1f} of {int(size) / 1e6:.1f} GB free ({share} used)"


def last_backup(operation: Operation) -> str:
    """Return the newest backup and its age."""
    label = newest(operation)
    return f"{label}, {hours_since(label, operation.now()):.1f} hours ago"
