"""Backups and the write-ahead log in a repository, and what can be made of them."""

from __future__ import annotations

import getpass
import json
import logging
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from scripts.chaos_testing.faults.small_disks import mount_small
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.processes import Command
from tests.fixtures.live import wait_for
from tests.integration.backups.server import POSTGRES, Archived
from tests.integration.hosts.desk import key
from tests.integration.hosts.test_connectors import SSHD, is_listening

LOG = logging.getLogger(__name__)
REJECT = """
insert into market.rejected_events (topic, kafka_partition, kafka_offset, reason, kafka_timestamp)
select 'market.bars', 0, n, 'malformed', now() from generate_series({first}, {last}) as n
"""


def reject(server: Archived, first: int, last: int) -> None:
    server.ask(REJECT.format(first=first, last=last) + "returning 1")


def test_a_second_is_restored_exactly_and_drilled_beside(archived: Archived) -> None:
    full = archived.tool("backup").strip()
    assert full.endswith("F")
    reject(archived, 1, 1000)
    incremental = archived.tool("backup").strip()
    assert incremental.startswith(f"{full}_")
    assert incremental.endswith("I")
    reject(archived, 1001, 1500)
    wanted = archived.contents()
    moment = archived.ask(
        "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'"
    )
    reject(archived, 1501, 2000)
    archived.ask("update market.rejected_events set reason = 'damaged' returning 1")

    live, restored = map(json.loads, archived.tool("drill").splitlines())
    assert restored == live
    assert live["rejected_events"]["rows"] == 2000
    live, restored = map(json.loads, archived.tool("drill", moment).splitlines())
    assert live["rejected_events"]["rows"] == 2000
    assert restored == json.loads(wanted)
    assert not list((archived.directory / "volume").glob(".drill*"))

    archived.stop()
    kept = archived.tool("restore", moment).strip()
    archived.start()
    assert archived.contents() == wanted
    assert (archived.directory / kept / "PG_VERSION").exists()
    # What comes after has a history of its own, which is archived, too: from the backup before.
    reject(archived, 3001, 3002)
    live, restored = map(json.loads, archived.tool("drill").splitlines())
    assert restored == live
    assert archived.tool("backup").strip().endswith("I")
    assert archived.tool("list").split()[0] == full
    live, restored = map(json.loads, archived.tool("drill").splitlines())
    assert restored == live
    assert live["rejected_events"]["rows"] == 1502


@dataclass(frozen=True)
class Written:
    """Rows that were acknowledged, one a commit, each with the time (seconds) of its commit."""

    times: dict[int, float]


@contextmanager
def load(server: Archived) -> Iterator[Written]:
    """Write a row after the other, each once the one before is acknowledged, until the end."""
    written, ended = Written({}), threading.Event()

    def write() -> None:
        statement = REJECT.replace("{first}", "%(n)s").replace("{last}", "%(n)s").encode()
        with suppress(psycopg.OperationalError), closing(server.connect()) as connection:
            number = 100_000
            while not ended.wait(0.01):
                number += 1
                connection.execute(statement, {"n": number})
                written.times[number] = time.time()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield written
    finally:
        ended.set()
        writer.join()


def test_a_lost_disk_costs_less_than_a_minute(archived: Archived) -> None:
    archived.tool("backup")
    with load(archived) as written:
        begun = archived.ask("select archived_count from pg_stat_archiver")
        count = "select archived_count from pg_stat_archiver"
        wait_for(lambda: archived.ask(count) != begun, "a file that time alone has closed")
        # The worst moment is the one before the next is closed.
        pause_until = time.time() + 27
        wait_for(lambda: time.time() > pause_until, "the worst moment")
        archived.lose_disk()
        lost_at = time.time()
    archived.tool("restore")
    archived.start()
    newest = int(archived.ask("select max(kafka_offset) from market.rejected_events"))
    assert newest > 100_000
    lost_seconds = lost_at - written.times[newest + 1] if newest + 1 in written.times else 0.0
    LOG.info("a lost disk cost %.1f s of %d rows", lost_seconds, len(written.times))
    assert lost_seconds <= 60
    # Up to there nothing is missing, and none is there twice.
    assert archived.ask("select count(*) from market.rejected_events") == str(newest - 100_000)
    live, restored = map(json.loads, archived.tool("drill").splitlines())
    assert restored == live


def unmount(place: Path) -> None:
    if place.is_mount():
        subprocess.run(["umount", str(place)], check=True)


def is_failing(server: Archived) -> bool:
    """Return whether the newest try to hand out the log failed."""
    return (
        server.ask(
            "select last_failed_time > coalesce(last_archived_time, '-infinity') "
            "from pg_stat_archiver"
        )
        == "True"
    )


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("away", "archive: ERROR: [103]: unable to find a valid repository"),
        ("passphrase", "archive: the repository was encrypted with another passphrase"),
        ("full", "No space left on device"),
    ],
)
def test_a_broken_repository_is_told_and_costs_nothing(
    archived: Archived, request: pytest.FixtureRequest, fault: str, told: str
) -> None:
    place = archived.directory / "repository"
    if fault == "full":
        place.mkdir()
        request.addfinalizer(lambda: unmount(place))
        mount_small(place, 64)
        archived.give_away()
    archived.tool("backup")
    if fault == "away":
        place.rename(place.with_name("elsewhere"))
    elif fault == "passphrase":
        archived.to(str(place), "of-somebody-else")
    else:
        with suppress(OSError), (place / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
    with load(archived) as written:
        begun = time.monotonic()
        if fault != "away":  # the one that waits for the time alone
            archived.ask("select pg_switch_wal()")
        wait_for(lambda: is_failing(archived), "a failed try to archive")
        noticed_seconds = time.monotonic() - begun
        LOG.info("%s: noticed after %.1f s", fault, noticed_seconds)
        before = len(written.times)
        wait_for(lambda: len(written.times) > before + 10, "rows that are written all the same")
    assert noticed_seconds <= 60
    assert told in (archived.directory / "postgres.log").read_text("utf-8", "replace")
    if fault == "away":
        place.with_name("elsewhere").rename(place)
    elif fault == "passphrase":
        archived.to(str(place))
    else:
        (place / "filler").unlink()
    wait_for(lambda: not is_failing(archived), "the archive to go on by itself")
    live, restored = map(json.loads, archived.tool("drill").splitlines())
    assert restored == live
    assert live["rejected_events"]["rows"] == len(written.times)


def test_a_repository_that_stays_away_fills_no_disk(archived: Archived) -> None:
    archived.tool("backup")
    place = archived.directory / "repository"
    place.rename(place.with_name("elsewhere"))
    file = archived.directory / "run" / "pgbackrest.conf"
    shipped = "archive-push-queue-max=1GiB"
    text = file.read_text("utf-8")
    assert shipped in text
    archived.private("run/pgbackrest.conf", text.replace(shipped, "archive-push-queue-max=48MiB"))
    gap = archived.directory / "volume" / ".archive_gap"

    def segment_thrown_away() -> bool:
        archived.ask(
            "select pg_logical_emit_message(false, 'fill', repeat('x', 1000)), pg_switch_wal()"
        )
        return gap.exists()

    wait_for(segment_thrown_away, "a file that is thrown away")
    waiting = "select count(*) from pg_ls_archive_statusdir() where name like '%.ready'"
    wait_for(lambda: int(archived.ask(waiting)) <= 3, "no more files than there may be")
    assert float(archived.ask("select guard.archive_gap_seconds()")) > 0
    assert "threw away" in (archived.directory / "postgres.log").read_text("utf-8", "replace")
    reject(archived, 1, 10)
    place.with_name("elsewhere").rename(place)
    archived.tool("backup")
    assert not gap.exists()
    assert float(archived.ask("select guard.archive_gap_seconds()")) == 0
    live, restored = map(json.loads, archived.tool("drill").splitlines())
    assert restored == live
    assert live["rejected_events"]["rows"] == 10


def test_a_server_sees_to_its_backup_and_goes_on_in_no_other_ones_repository(
    archived: Archived,
) -> None:
    assert archived.tool("list") == ""
    keep = Command(
        name="keep",
        arguments=[str(POSTGRES / "pgbackrest" / "keep"), "1"],
        log=archived.directory / "keep.log",
        environment=archived.environment,
        as_user=archived.account.options,
    )
    child = processes.start(keep)
    try:
        wait_for(lambda: archived.tool("list") != "", "the first backup")
    finally:
        processes.stop([child], 10)
    [first] = archived.tool("list").split()
    # Its volume is lost, and it begins with an empty database.
    archived.stop()
    shutil.rmtree(archived.data)
    archived.initialize()
    archived.start()
    refused = archived.run(POSTGRES / "pgbackrest" / "backup")
    assert refused.returncode == 1
    assert refused.stderr.startswith("backup: the repository has the backups of another database")
    assert archived.tool("list").split() == [first]
    anew = archived.tool("backup", "anew").strip()
    assert archived.tool("list").split() == [first, anew]


@pytest.fixture
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Run an sshd on the loopback interface, for files alone; return its port and its folder."""
    if not Path(SSHD).exists():
        pytest.skip("needs an sshd: apt-get install openssh-server")
    folder, [port] = tmp_path_factory.mktemp("vault"), free_ports(1)
    key(folder / "host")
    (folder / "authorized_keys").write_text(key(folder / "person") + "\n", encoding="utf-8")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    options = {
        "HostKey": folder / "host", "AuthorizedKeysFile": folder / "authorized_keys",
        "StrictModes": "no", "PidFile": "none", "UsePAM": "no", "PermitRootLogin": "yes",
        "Subsystem": "sftp internal-sftp", "ForceCommand": "internal-sftp",
        "ListenAddress": HOST, "Port": port,
    }  # fmt: skip
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    child = processes.start(
        Command("sshd", [SSHD, "-D", "-e", "-f", "/dev/null", *words], folder / "sshd.log")
    )
    try:
        processes.wait_until(lambda: is_listening(port), child, 20)
        yield port, folder
    finally:
        processes.stop([child], 10)


def test_a_repository_may_be_at_another_machine(
    archived: Archived, vault: tuple[int, Path], tmp_path: Path
) -> None:
    port, folder = vault
    public = (folder / "host.pub").read_text("utf-8")
    archived.private("given/backup_ssh_key", (folder / "person").read_text("utf-8"))
    archived.private("given/backup_known_hosts", f"[{HOST}]:{port} {public}")
    archived.to(f"sftp://{getpass.getuser()}@{HOST}:{port}{folder}/repository")
    archived.tool("backup")
    reject(archived, 1, 100)
    wanted = archived.contents()
    archived.archived()
    archived.lose_disk()
    archived.tool("restore")
    archived.start()
    assert archived.contents() == wanted
    # No word of what is stored, and no host but the one that is known.
    stored = [path for path in (folder / "repository").rglob("*") if path.is_file()]
    assert stored
    assert not any(b"market.bars" in path.read_bytes() for path in stored)
    archived.private("given/backup_known_hosts", f"[{HOST}]:{port} {key(tmp_path / 'other')}")
    refused = archived.run(POSTGRES / "pgbackrest" / "backup")
    assert refused.returncode != 0
    assert "known hosts" in refused.stderr
    archived.private("given/backup_known_hosts", f"[{HOST}]:{port} {public}")
