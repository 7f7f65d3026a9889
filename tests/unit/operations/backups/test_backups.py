"""Restores and drills: what is run, in order, and what is told where it fails."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from infra.config.container_settings import DATA_OF_BOTH, KEEP_BOTH_WORDS
from scripts.operations.backups import backup_commands, backups
from scripts.operations.errors import OperationError
from tests.unit.operations.fakes import Answer, listed, operation, outputs

GOOD = listed(kafka="healthy", secrets="exited 0", stream="healthy")
CONTENTS = {"events_stream": {"rows": 3, "checksum": "77"}}
KEPT = "/var/lib/postgresql/kept-17-20261124T203000Z"
# Parts of the commands, of one each, in order.
STEPS = (
    *("mkdir /opt/tapeline/lock", "test -e", "run --rm --no-TTY secrets", "stop stream postgres"),
    *(
        "pgbackrest/restore",
        "up --detach --no-build postgres",
        "ps --all --format",
        "migrate",
        "checkpoint",
    ),
    *("up --detach --no-build --remove-orphans", "ps --all --format", "audit", "rm -rf"),
)


def test_a_restore_puts_a_second_in_the_place_of_the_live_database() -> None:
    one, shell, _ = operation({"pgbackrest/restore": f"said\n{KEPT}\n", "ps --all --format": GOOD})
    assert backups.restore(one, "2026-11-24T06:00:00.25Z", 6) == KEPT
    assert [step for step, line in zip(STEPS, shell.ran, strict=True) if step in line] == [*STEPS]
    [restored] = [line for line in shell.ran if "pgbackrest/restore" in line]
    assert restored.endswith(" postgres '2026-11-24 06:00:00.25+00'")


def test_a_server_that_lost_its_volume_has_nothing_to_keep() -> None:
    one, _, _ = operation({"pgbackrest/restore": "\n", "ps --all --format": GOOD})
    assert backups.restore(one, "", 6) == ""


def test_where_a_restore_fails_what_was_there_goes_on() -> None:
    one, shell, _ = operation({"pgbackrest/restore": (1, "restore: no"), "ps --all --format": GOOD})
    with pytest.raises(OperationError, match="restore: no"):
        backups.restore(one, "", 6)
    last = [line for line in shell.ran if " start " in line or "pgbackrest/restore" in line]
    assert last[-1].endswith("start postgres stream")
    assert shell.ran[-1] == "rm -rf /opt/tapeline/lock"


@pytest.mark.parametrize(
    ("key", "held", "runs", "looked"),
    [
        ("", "simulated", "real", "source = "),
        ((1, ""), "real", "simulated", "source <> "),
    ],
)
def test_bars_of_the_other_market_are_refused_by_words_and_query(
    key: Answer, held: str, runs: str, looked: str
) -> None:
    one, shell, _ = operation(
        {"test -e /opt/tapeline/keys/alpha_vantage_key": key, "ps --all --format": GOOD}
    )
    backups.restore(one, "", 6)
    [restored] = [line for line in shell.ran if "pgbackrest/restore" in line]
    assert looked in restored
    assert f"the backup holds bars of the {held} market, and prod runs the {runs} one" in restored
    assert "pulumi config set --path settings.DATA_OF_BOTH_MARKETS" in restored


def test_words_restore_bars_of_the_other_market() -> None:
    one, shell, _ = operation({"ps --all --format": GOOD})
    one.outputs = replace(outputs(), settings={DATA_OF_BOTH: KEEP_BOTH_WORDS})
    backups.restore(one, "", 6)
    [restored] = [line for line in shell.ran if "pgbackrest/restore" in line]
    assert " --env REFUSED_IF= " in restored


def test_a_drill_to_now_must_find_what_is_there() -> None:
    same, other = json.dumps(CONTENTS), json.dumps({"events_stream": {"rows": 2, "checksum": "7"}})
    one, shell, _ = operation({"pgbackrest/drill": f"{same}\n{same}\n"})
    assert backups.drill(one) == ["events_stream: 3 rows, sum 77; live 3 rows"]
    assert any("tapeline_drill_timestamp_seconds" in line for line in shell.ran)
    one, shell, _ = operation({"pgbackrest/drill": f"{same}\n{other}\n"})
    with pytest.raises(
        OperationError, match=r"events_stream: 3 rows \(sum 77\) were there, 2 rows \(sum 7\) rest"
    ):
        backups.drill(one)
    assert not any("tapeline_drill_timestamp_seconds" in line for line in shell.ran)
    one, _, _ = operation({"pgbackrest/drill": f"{same}\n{other}\n"})
    assert backups.drill(one, "2026-11-24 06:00Z") == ["events_stream: 2 rows, sum 7; live 3 rows"]


@pytest.mark.parametrize("typed", ["yesterday", "2026-11-24", "2026-11-24T06:00:00", "'; --"])
def test_a_moment_without_its_zone_is_refused(typed: str) -> None:
    with pytest.raises(OperationError, match="must be a moment with its zone"):
        backup_commands.moment(typed)
