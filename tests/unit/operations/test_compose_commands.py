"""Every command as a whole: what reaches the shell, here and on a host."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scripts.operations import compose_commands
from scripts.operations.backups import backup_commands
from scripts.operations.errors import OperationError
from scripts.operations.target import LOCAL
from tests.unit.operations.fakes import COMPOSE, HOST

PSQL = (
    "exec --no-TTY postgres env PGPASSFILE=/run/tapeline/pgpass "
    "'PGOPTIONS=-c default_transaction_read_only=on' psql -h /tmp -U postgres -d market"
)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (compose_commands.states(LOCAL), "docker compose ps --all --format json"),
        (
            compose_commands.of_file("cat", "it's"),
            """if [ -e 'it'"'"'s' ]; then cat 'it'"'"'s'; fi""",
        ),
        (compose_commands.restart(HOST, "producer"), f"{COMPOSE} restart producer"),
        (
            compose_commands.logs(LOCAL, "", "", "", follow=False),
            "docker compose logs --no-color --timestamps --tail 200",
        ),
        (
            compose_commands.logs(HOST, "stream", "2h", "it's|batch", follow=True),
            f"{COMPOSE} logs --no-color --timestamps --follow --since 2h stream"
            " | { grep --line-buffered -E -e 'it'\"'\"'s|batch' || test $? = 1; }",
        ),
        (
            compose_commands.replay(HOST, ["--from", "2h", "--dry-run"]),
            f"{COMPOSE} run --rm --no-deps --no-TTY --env 'SPARK_MASTER=local[1]' stream "
            "python -m services.stream.replay --from 2h --dry-run",
        ),
        (
            compose_commands.offsets(LOCAL),
            "docker compose exec --no-TTY stream python -m services.stream.reconcile",
        ),
        (
            compose_commands.psql(LOCAL, query="select 1"),
            f"docker compose {PSQL} -qAtX -v ON_ERROR_STOP=1 -c 'select 1'",
        ),
        (
            compose_commands.psql(HOST, write=True),
            f"{COMPOSE} {PSQL}".replace("--no-TTY ", "").replace("only=on", "only=off"),
        ),
        (backup_commands.backup(HOST), "systemctl start tapeline-backup.service"),
        (
            backup_commands.backup(LOCAL, anew=True),
            "./scripts/operations/backups/backup --anew docker compose",
        ),
        (
            backup_commands.restore(LOCAL, "2026-11-30 06:00:00+00", ("select 1", "no")),
            "docker compose run --rm --no-deps --no-TTY --env 'REFUSED_IF=select 1' "
            "--env REFUSED_BECAUSE=no --entrypoint /app/services/postgres/pgbackrest/restore "
            "postgres '2026-11-30 06:00:00+00'",
        ),
        (
            backup_commands.restore_beside(HOST, "/b/market-1.dump.gpg", "market_drill"),
            r"{ base64 < /b/market-1.manifest.gpg | tr -d '\n'; echo; "
            "cat /b/market-1.dump.gpg; } | "
            f"{COMPOSE} exec --no-TTY postgres /app/services/postgres/restore market_drill",
        ),
        (
            compose_commands.forget_checkpoint(HOST, "20261124"),
            f"{COMPOSE} run --rm --no-deps --no-TTY --entrypoint sh stream -c "
            "'[ ! -e /var/lib/tapeline/checkpoint ] || "
            "mv /var/lib/tapeline/checkpoint /var/lib/tapeline/checkpoint.20261124'",
        ),
        (
            compose_commands.renew_certificate(LOCAL),
            "docker compose run --rm --no-TTY secrets renew",
        ),
        (compose_commands.destroy(HOST, with_data=False), f"{COMPOSE} down --remove-orphans"),
        (
            compose_commands.destroy(LOCAL, with_data=True),
            "docker compose down --remove-orphans --volumes",
        ),
        (compose_commands.release_lock(HOST), "rm -rf /opt/tapeline/lock"),
        (
            compose_commands.take_lock(HOST, "ann@desk: it's"),
            "mkdir -p /opt/tapeline && if mkdir /opt/tapeline/lock 2>/dev/null; "
            "then printf '%s\\n' 'ann@desk: it'\"'\"'s' > /opt/tapeline/lock/details; "
            "else cat /opt/tapeline/lock/details; exit 9; fi",
        ),
        (
            compose_commands.audit(LOCAL, "a line"),
            "mkdir -p .cache/operations && printf '%s\\n' 'a line' >> .cache/operations/audit.log",
        ),
    ],
)
def test_the_whole_command(found: str, wanted: str) -> None:
    assert found == wanted


def test_a_rotated_password_is_made_set_and_taken_by_who_uses_it() -> None:
    run = f"{COMPOSE} run --rm --no-TTY"
    assert compose_commands.rotate_password(HOST, "stream_writer_password") == [
        f"{run} secrets rotate stream_writer_password",
        f"{run} --no-deps migrate",
        f"{COMPOSE} restart stream spark-worker",
    ]
    assert compose_commands.rotate_password(HOST, "powerbi_reader_password") == [
        f"{run} secrets rotate powerbi_reader_password",
        f"{run} --no-deps migrate",
    ]
    assert compose_commands.rotate_password(HOST, "postgres_password") == [
        f"{run} secrets rotate postgres_password",
        f"{COMPOSE} exec --no-TTY postgres /app/services/postgres/set-password",
        f"{run} secrets taken",
        f"{run} --no-deps migrate",
    ]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (("2h", "", "AAPL", "", "", True), ["--from", "2h", "--symbol", "AAPL", "--dry-run"]),
        (("a", "b", "", "", "", False), ["--from", "a", "--to", "b"]),
        (("", "", "", "3", "1:9", False), ["--partition", "3", "--offsets", "1:9"]),
    ],
)
def test_the_options_of_a_replay(
    given: tuple[str, str, str, str, str, bool], wanted: list[str]
) -> None:
    assert compose_commands.replay_options(*given) == wanted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("", "", "", "", "", True), "say which part"),
        (("2h", "", "", "1", "1:2", False), "say which part"),
        (("", "", "", "", "1:2", False), "belong together"),
        (("2h", "", "", "1", "", False), "belong together"),
    ],
)
def test_a_replay_without_a_part_is_refused(
    given: tuple[str, str, str, str, str, bool], said: str
) -> None:
    with pytest.raises(OperationError, match=said):
        compose_commands.replay_options(*given)


def test_what_is_no_service_and_no_instant_is_refused() -> None:
    with pytest.raises(OperationError, match=r"kafak.*secrets, kaf"):
        compose_commands.restart(LOCAL, "kafak")
    with pytest.raises(OperationError, match="--since '1 hour; rm'"):
        compose_commands.logs(LOCAL, "", "1 hour; rm", "", follow=False)
    with pytest.raises(OperationError, match="name"):
        backup_commands.take_the_place("market; drop", "x")


def test_a_restored_database_takes_the_place_when_nobody_is_in_the_way() -> None:
    assert backup_commands.take_the_place("market_restored", "market_before_1") == [
        "alter database market allow_connections false",
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'market'",
        "alter database market rename to market_before_1",
        "alter database market_restored rename to market",
    ]


def test_a_line_of_the_record() -> None:
    moment = datetime(2026, 11, 24, 20, 30, tzinfo=UTC)
    line = compose_commands.audit_line(moment, "ann@desk", "deploy 1", "done")
    assert line == "2026-11-24T20:30:00Z ann@desk: deploy 1: done"
