"""A host in its first hour waits for a backup; an older one, or this machine, has none."""

from __future__ import annotations

import pytest

from scripts.operations.backups import first_backup
from scripts.operations.status import diagnosis
from scripts.operations.target import LOCAL, Target
from tests.unit.operations.fakes import HOST, Answer, operation

WHAT = "there is a backup of these two days"


@pytest.mark.parametrize(
    ("where", "first_deed", "backup", "verdict", "is_noted"),
    [
        (HOST, "2026-11-24T20:20:00Z ann@desk: deploy r1: done\n", "", f"ok    {WHAT}", True),
        (HOST, "2026-11-24T19:31:00Z ann@desk: deploy r1: done\n", "", f"ok    {WHAT}", True),
        (HOST, "2026-11-24T19:29:00Z ann@desk: deploy r1: done\n", "", f"FAIL  {WHAT}", False),
        (HOST, "", "", f"FAIL  {WHAT}", False),
        (LOCAL, "2026-11-24T18:00:00Z ann@desk: deploy: done\n", "", f"FAIL  {WHAT}", False),
        (
            HOST,
            "2026-11-24T18:00:00Z ann@desk: deploy r1: done\n",
            "20261120-023000F\n",
            f"FAIL  {WHAT}",
            False,
        ),
    ],
)
def test_the_first_backup_is_waited_for(
    where: Target, first_deed: str, backup: str, verdict: str, is_noted: bool
) -> None:
    answers: dict[str, Answer] = {"head -n 1": first_deed, "pgbackrest/list": backup}
    # What else the doctor asks is not told here.
    one, _, _ = operation({**answers, "": (1, "not asked")}, where)
    lines, _ = diagnosis.doctor(one)
    told = [line.partition(": ")[0] for line in lines]
    assert verdict in told
    assert (f"note  {first_backup.NOTE}" in lines) is is_noted
