"""Shell lines for Compose and a host: a target and what was typed in, one line out. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from scripts.launcher.paths import ROOT
from scripts.operations.errors import OperationError
from scripts.operations.target import Target

PASSWORD_USERS: Mapping[str, tuple[str, ...]] = {
    "postgres_password": (),
    "market_owner_password": (),
    "stream_writer_password": ("stream", "spark-worker"),
    "alerts_service_password": ("alerts",),
    "dashboard_service_password": ("dashboard",),
    "dashboard_reader_password": (),
    "powerbi_reader_password": (),
    "postgres_exporter_password": ("postgres-exporter",),
}
"""Who must start again to take a new password, where there is such a service."""
_POSTGRES = "/app/services/postgres"
_SINCE = r"\d+[smhd]|\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z?)?"


def services(compose_file: Path = ROOT / "docker-compose.yml") -> tuple[str, ...]:
    """Return the services of the compose file."""
    text = compose_file.read_text(encoding="utf-8").partition("\nservices:\n")[2]
    return tuple(re.findall(r"^  ([a-z][a-z-]*):", re.split(r"\n(?=[a-z])", text)[0], re.MULTILINE))


def known_service(name: str) -> str:
    """Return the service. Raises OperationError where there is none of that name."""
    if name not in services():
        raise OperationError(f"there is no service {name!r}; there are {', '.join(services())}")
    return name


def logs(target: Target, service: str, since: str, grep: str, follow: bool) -> str:
    """Return the command that shows the log of a service, or of all."""
    if since and not re.fullmatch(_SINCE, since):
        raise OperationError(f"--since {since!r} must be like 30m, 2h or 2026-11-24T14:30:00Z")
    words = ["logs", "--no-color", "--timestamps", *(["--follow"] if follow else [])]
    words += ["--since", since] if since else ["--tail", "200"]
    command = target.compose(*words, *([known_service(service)] if service else []))
    if not grep:
        return command
    buffered = "--line-buffered " if follow else ""
    # No line found is an answer, not a failure.
    return f"{command} | {{ grep {buffered}-E -e {shlex.quote(grep)} || test $? = 1; }}"


def of_file(word: str, file: str) -> str:
    """Return the command that puts a word to a file, and does nothing where there is none."""
    file = shlex.quote(file)
    return f"if [ -e {file} ]; then {word} {file}; fi"


def restart(target: Target, service: str) -> str:
    """Return the command that restarts one service."""
    return target.compose("restart", known_service(service))


def restart_count(target: Target, service: str) -> str:
    """Return the command that prints how often a service's containers ended and were restarted."""
    asked = target.compose("ps", "--all", "--quiet", known_service(service))
    return f"docker inspect --format '{{{{.RestartCount}}}}' $({asked})"


def states(target: Target, *services: str) -> str:
    """Return the command that lists the containers, one JSON object a line."""
    return target.compose("ps", "--all", "--format", "json", *services)


def up(target: Target) -> str:
    """Return the command that brings the containers to what the files say, of images there are.

    Compose lets containers go on whose profile is no longer chosen; on a host, where a setting
    alone chooses them, these are removed first. Here somebody may have given `--profile`.
    """
    bring_up = target.compose("up", "--detach", "--no-build", "--remove-orphans")
    if not target.is_remote:
        return bring_up
    chosen = target.compose("config", "--services")
    there = target.compose("ps", "--all", "--services")
    # What stands twice in the list is chosen; what stands there once is a container alone.
    return (
        f'chosen=$({chosen}) && there=$({there}) && printf "%s\\n" "$chosen" "$chosen" "$there" | '
        f"sort | uniq -u | xargs -r {target.compose('rm', '--stop', '--force')} && {bring_up}"
    )


def replay(target: Target, options: Sequence[str]) -> str:
    """Return the command that replays a part of Kafka beside the live job."""
    run = ("run", "--rm", "--no-deps", "--no-TTY", "--env", "SPARK_MASTER=local[1]", "stream")
    return target.compose(*run, "python", "-m", "services.stream.replay", *options)


def replay_options(
    start: str, end: str, symbol: str, partition: str, offsets: str, dry_run: bool
) -> list[str]:
    """Return the replay's own options. Raises OperationError unless a part is named."""
    if bool(start) == bool(offsets):
        raise OperationError("say which part: --start INSTANT, or --partition N --offsets A:B")
    if bool(partition) != bool(offsets):
        raise OperationError("--partition and --offsets belong together")
    given = {
        "--from": start,
        "--to": end,
        "--symbol": symbol,
        "--partition": partition,
        "--offsets": offsets,
    }
    options = [word for name, value in given.items() if value for word in (name, value)]
    return [*options, *(["--dry-run"] if dry_run else [])]


def offsets(target: Target) -> str:
    """Return the command that holds Kafka against the ledger, partition by partition."""
    exec_ = ("exec", "--no-TTY", "stream")
    return target.compose(*exec_, "python", "-m", "services.stream.reconcile")


def psql(target: Target, database: str = "market", *, write: bool = False, query: str = "") -> str:
    """Return the command for a connection of the superuser, which by default only reads."""
    read_only = "off" if write else "on"
    options = f"PGOPTIONS=-c default_transaction_read_only={read_only}"
    environment = ("env", "PGPASSFILE=/run/tapeline/pgpass", options)
    client = (*environment, "psql", "-h", "/tmp", "-U", "postgres", "-d", database)  # noqa: S108
    batch = ("-qAtX", "-v", "ON_ERROR_STOP=1", "-c", query) if query else ()
    tty = ("--no-TTY",) if query else ()
    return target.compose("exec", *tty, "postgres", *client, *batch)


def forget_checkpoint(target: Target, stamp: str) -> str:
    """Return the command that lays Spark's checkpoint aside: the job goes on from the ledger."""
    old = "/var/lib/tapeline/checkpoint"
    return beside(target, "stream", f"[ ! -e {old} ] || mv {old} {old}.{stamp}")


def beside(target: Target, service: str, script: str) -> str:
    """Return the command that runs a script where a service's files are; it need not run."""
    run = ("run", "--rm", "--no-deps", "--no-TTY", "--entrypoint", "sh")
    return target.compose(*run, service, "-c", script)


def rotate_password(target: Target, name: str) -> list[str]:
    """Return the commands that give a role a new password, in order."""
    run = ("run", "--rm", "--no-TTY")
    commands = [target.compose(*run, "secrets", "rotate", name)]
    if name == "postgres_password":
        commands.append(target.compose("exec", "--no-TTY", "postgres", f"{_POSTGRES}/set-password"))
        commands.append(target.compose(*run, "secrets", "taken"))
    commands.append(target.compose(*run, "--no-deps", "migrate"))
    users = [user for user in PASSWORD_USERS[name] if user in services()]
    if users:
        commands.append(target.compose("restart", *users))
    return commands


def renew_certificate(target: Target) -> str:
    """Return the command that makes the server a new key and certificate, taken in seconds."""
    return target.compose("run", "--rm", "--no-TTY", "secrets", "renew")


def hand_out(target: Target) -> str:
    """Return the command that gives each service what it is to have by now."""
    return target.compose("run", "--rm", "--no-TTY", "secrets")


def certificate_dates(target: Target) -> str:
    """Return the command that prints from when until when the certificate is valid."""
    dates = ("-startdate", "-enddate")
    words = ("openssl", "x509", "-noout", *dates, "-in", "/run/tapeline/server.crt")
    return target.compose("exec", "--no-TTY", "postgres", *words)


def check_kafka(target: Target) -> str:
    """Return the command that tells whether the clients' settings fit their Kafka."""
    run = ("run", "--rm", "--no-deps", "--no-TTY", "--entrypoint", "python", "topics")
    return target.compose(*run, "-m", "services.common.kafka_cluster.check")


def metrics(target: Target, service: str) -> str:
    """Return the command that prints a service's metrics, as it tells them to Prometheus."""
    fetch = (
        "import urllib.request as r, socket;"
        "print(r.urlopen(f'http://{socket.gethostname()}:9464').read().decode())"
    )
    return target.compose("exec", "--no-TTY", service, "python", "-c", fetch)


def heard(asked: str) -> str:
    """Return the command that prints what another one prints, and fails where that is nothing.

    What a short-lived container prints can be gone before Docker has attached to it
    (https://github.com/moby/moby/issues/29285), so it is asked again.
    """
    return (
        f'for _ in 1 2 3 4 5; do said=$({asked}) || exit; [ -z "$said" ] || break; done; '
        '[ -n "$said" ] && printf "%s\\n" "$said"'
    )


def destroy(target: Target, with_data: bool) -> str:
    """Return the command that removes the containers and, if told, all that they hold."""
    words = ["down", "--remove-orphans", *(["--volumes"] if with_data else [])]
    return target.compose(*words)


def take_lock(target: Target, details: str) -> str:
    """Return the command that takes the lock, or prints who has it and ends with 9."""
    lock = shlex.quote(f"{target.state}/lock")
    return (
        f"mkdir -p {shlex.quote(target.state)} && if mkdir {lock} 2>/dev/null; "
        f"then printf '%s\\n' {shlex.quote(details)} > {lock}/details; "
        f"else cat {lock}/details; exit 9; fi"
    )


def release_lock(target: Target) -> str:
    """Return the command that gives the lock back."""
    return f"rm -rf {shlex.quote(f'{target.state}/lock')}"


def audit(target: Target, line: str) -> str:
    """Return the command that adds a line to the record of what was done."""
    file = shlex.quote(f"{target.state}/audit.log")
    return f"mkdir -p {shlex.quote(target.state)} && printf '%s\\n' {shlex.quote(line)} >> {file}"


def host_metric(target: Target, name: str, value: int) -> str:
    """Return the command that tells a figure of a host to whoever watches it.

    The release that runs there may be older than the program that does so.
    """
    release = f"{target.directory}/current" if target.is_remote else "."
    program = shlex.quote(f"{release}/scripts/operations/status/host-metric")
    return f"{{ ! test -x {program} || {program} {shlex.quote(name)} {value}; }}"


def audit_line(moment: datetime, who: str, what: str, result: str) -> str:
    """Return one line of the record."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ} {who}: {what}: {result}"
