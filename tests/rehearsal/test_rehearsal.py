"""From nothing to bars by `pulumi up`, and through the days after: every verb, on the machine that
the project's own program has made."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import tarfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scripts.local_stack.servers.ports import free_ports
from scripts.operations.releases import health
from tests.compose.test_c_ports import PROBE
from tests.documents import commands
from tests.engine.clouds.world import RefusedError
from tests.engine.engine_events import STACK
from tests.engine.expected.resources import LEFT, MADE
from tests.fixtures.live import wait_for
from tests.rehearsal.other_releases import broken_commit
from tests.rehearsal.programs import ASK, CHECK_FIREWALL, HEAR, HEARD, IN_USE, TWO_VERSIONS
from tests.rehearsal.stand_in import (
    ELSEWHERE,
    NAME,
    OUTSIDE,
    StandIn,
)

LOG = logging.getLogger(__name__)
KEY = f"canary-key-{os.urandom(8).hex()}"
BARS = "SELECT symbol, bar_time, open, close, volume FROM events_stream ORDER BY bar_time DESC"


def provision(machine: StandIn, option: str = "") -> str:
    return machine.typed(f"fab provision --stack dev {option}".strip())


def changed(said: str) -> int:
    found = re.search(rf"^{STACK} +: ok=\d+ +changed=(\d+) ", said, re.MULTILINE)
    assert found is not None, said
    return int(found[1])


def ask(machine: StandIn, query: str, other: str = OUTSIDE) -> str:
    """Ask as Power BI would, from another machine."""
    for name, file in (("powerbi_reader_password", "powerbi_password"), ("ca.crt", "ca.crt")):
        # Not by `fab`, which keeps what it said for the search of the canaries.
        code, shown = machine.communicate(machine.begin_documented(f"fab secret {name}"))
        assert code == 0, f"fab secret {name} failed"
        (machine.desk / file).write_text(shown, encoding="utf-8")
    return machine.outside(other, "python", "-c", ASK, machine.address(), NAME, query)


def open_ports(machine: StandIn, other: str = OUTSIDE) -> list[int]:
    """Try all ports of the machine from another one."""
    address = machine.address()
    found: dict[str, list[int]] = json.loads(machine.outside(other, "python", "-c", PROBE, address))
    return found[address]


def count(machine: StandIn) -> int:
    return int(machine.typed("fab psql"))


def await_well(machine: StandIn, seconds: float = 240) -> None:
    wait_for(
        lambda: health.parse(machine.compose("ps", "--all", "--format", "json")).is_good,
        "all services",
        seconds,
    )


CERTIFIED = (
    "openssl s_client -connect 127.0.0.1:5432 -starttls postgres 2> /dev/null < /dev/null"
    f" | openssl x509 -noout -checkhost {NAME}"
)
SOURCES = (
    "select source, count(*), min(bar_time), max(inserted_at) from market.events_stream"
    " where inserted_at"
)


def test_up_brings_bars_from_nothing(machine: StandIn) -> None:
    assert machine.up() == {"create": MADE["local"]}
    wait_for(lambda: count(machine) > 0, "a bar", 120)
    # What root runs there, by its timers too, the account that logs in cannot change.
    there = (
        "/opt/tapeline /usr/local/sbin /usr/local/lib/tapeline /etc/tapeline /etc/systemd/system"
    )
    writable = "-type d ! -readable -prune -o -writable ! -type l -print"
    assert machine.inside(f"su tapeline -s /bin/sh -c 'find {there} {writable}'") == ""
    assert machine.up() == {}
    assert machine.stack.refresh() == {}


def test_a_first_key_is_refused_where_simulated_bars_are(machine: StandIn) -> None:
    refused = machine.up(alphaVantageKey=KEY)["refused"]
    assert any("holds bars of the simulated market" in why for why in refused), refused
    machine.inside("test ! -e /opt/tapeline/keys/alpha_vantage_key")


def test_what_is_set_later_is_brought_by_one_more_up(machine: StandIn) -> None:
    # The market is not called: nothing listens there.
    nowhere = "https://127.0.0.1:9/query"
    both = {"DATA_OF_BOTH_MARKETS": "yes, keep both"}
    machine.begin_outside(OUTSIDE, "python", "-c", HEAR)
    receiver = machine.desk / "webhook_url"
    receiver.write_text(f"http://{machine.address(OUTSIDE)}:8000/", encoding="utf-8")
    machine.fab("alert", "secret", "--name", "webhook_url", "--file", str(receiver))
    watched = {"COMPOSE_PROFILES": "observe", "ALERT_RECEIVERS": "webhook"}
    machine.set(SYMBOLS="AAPL,NVDA", ALPHA_VANTAGE_URL=nowhere, **both, **watched)
    assert machine.up(alphaVantageKey=KEY, domain=NAME) == {"update": ("Command deployment",)}
    assert machine.inside("cat /opt/tapeline/keys/alpha_vantage_key") == f"{KEY}\n"
    assert "does match certificate" in machine.inside(CERTIFIED)
    assert re.search(r"settings +as configured", machine.fab("status"))
    told = machine.compose("exec", "-T", "producer", "printenv", "SYMBOLS", "ALPHA_VANTAGE_URL")
    assert told.split() == ["AAPL,NVDA", nowhere]


def test_alerts_are_told_tried_and_silenced(machine: StandIn) -> None:
    def is_told(words: str) -> bool:
        return words in machine.outside(OUTSIDE, "sh", "-c", HEARD)

    wait_for(lambda: is_told("Alerts are watched from now on."), "the first message", 240)
    machine.fab("alert", "test")
    wait_for(lambda: is_told("tries the ways."), "the message of fab alert test", 240)
    # The producer's calls reach nobody.
    wait_for(lambda: is_told('"alertname":"ApiAway"'), "an alert", 240)
    assert "docs/alerts.md#apiaway" in machine.fab("alert", "list")
    assert re.search(r"FIRING: .*ApiAway", machine.fab("status"))

    silence = machine.fab("silence", "--alert", "ApiAway", "--span", "2h").split()[-1]
    assert re.search(rf"{silence}  alertname=ApiAway  until ", machine.fab("silence"))
    machine.fab("silence", "--end", silence)
    assert "no silence is in force" in machine.fab("silence")
    machine.leave()


def test_destroy_leaves_the_data_and_a_bare_machine_finds_it(machine: StandIn) -> None:
    before = machine.stack.outputs()
    until = machine.fab("psql", "--query", "select now()").strip()
    machine.noted = until, machine.fab("psql", "--query", f"{SOURCES} < '{until}' group by source")
    machine.stack.pulumi("config", "rm", "alphaVantageKey")
    for name in ("ALPHA_VANTAGE_URL", "COMPOSE_PROFILES", "ALERT_RECEIVERS"):
        machine.stack.pulumi("config", "rm", "--path", f"settings.{name}")
    machine.stack.destroy(exclude_protected=True)
    assert machine.stack.known() == LEFT["local"]
    kept = machine.desk / "stack" / "data" / "tapeline"
    volume = machine.data_volume
    assert (
        machine.docker("volume", "ls", "--quiet", "--filter", f"name=^{volume}$").strip() == volume
    )
    assert volume in (kept / f"{STACK}.left").read_text("utf-8")
    passphrase = before.secrets["backup_passphrase"]
    assert (kept / f"{STACK}.backup_passphrase").read_text("utf-8") == f"{passphrase}\n"
    machine.up(deploy="false")
    machine.await_machine()
    mounted = "{{range .Mounts}}{{.Name}} {{end}}"
    assert volume in machine.docker("inspect", "--format", mounted, machine.container).split()
    assert machine.stack.outputs().secrets == {**before.secrets, "alpha_vantage_key": ""}


def test_a_machine_in_use_is_left_alone(machine: StandIn) -> None:
    # As every cloud's image has it; without it Ansible cannot look without touching.
    machine.inside("apt-get update -q && apt-get install -qy python3-apt")
    machine.inside(IN_USE)
    files = machine.inside("find /etc /usr/local -type f | sort")
    code, said = machine.end(machine.begin("provision", "--extra=-e tapeline_cloud=existing"))
    assert code == 1
    uses = re.search(
        r'"msg": "the machine is in use, and nothing was changed.* Found: (.+?)\. If', said
    )
    assert uses is not None, said
    assert uses[1].split("; ") == [
        "container of docker: web (web, Created)",
        "/etc/docker/daemon.json has settings of its own",
        "account bob can log in with a key",
    ]
    assert machine.inside("find /etc /usr/local -type f | sort") == files


def test_a_check_of_a_bare_machine_changes_nothing(machine: StandIn) -> None:
    assert changed(provision(machine, "--check")) > 0
    machine.inside("test ! -e /opt/tapeline")


def test_up_brings_the_bars_of_before_and_further_ones(machine: StandIn) -> None:
    assert machine.up(deploy="true") == {"create": ("Command deployment",)}
    until, before = machine.noted
    assert "simulator|" in before
    assert machine.fab("psql", "--query", f"{SOURCES} < '{until}' group by source") == before
    further = f"{SOURCES} > '{until}' and symbol = 'NVDA' group by source"
    wait_for(lambda: "simulator|" in machine.fab("psql", "--query", further), "a bar", 180)
    machine.inside("test ! -e /opt/tapeline/keys/alpha_vantage_key")
    # What the stack tells opens the kept database.
    for name in ("powerbi_reader_password", "backup_passphrase"):
        shown = machine.communicate(machine.begin("secret", name))
        assert shown == (0, f"{machine.stack.outputs().secrets[name]}\n")


def test_the_host_is_in_its_state_and_a_second_run_changes_nothing(machine: StandIn) -> None:
    assert changed(provision(machine)) == 0
    assert changed(provision(machine, "--check")) == 0


def test_rules_that_let_nobody_in_are_taken_back(machine: StandIn) -> None:
    before = machine.inside("nft list table inet tapeline")
    # The published port is not the one that sshd listens at.
    wrong = "--extra=-t firewall -e firewall_ssh_port=2222 -e firewall_trial_seconds=20"
    code, said = machine.end(machine.begin("provision", wrong))
    assert code == 1
    assert "let no new connection in, so the rules of before are in force again" in said
    assert machine.inside("nft list table inet tapeline") == before
    assert changed(machine.fab("provision", "--extra=-t firewall")) == 1


def test_a_stranger_with_another_host_key_is_not_talked_to(machine: StandIn) -> None:
    file = machine.desk / "outputs.json"
    text = file.read_text("utf-8")
    outputs = json.loads(text)
    host, kind, _ = outputs["host_key"].split(" ", 2)
    other = (machine.desk / "person.pub").read_text("utf-8").split(" ")[1]
    file.write_text(json.dumps(outputs | {"host_key": f"{host} {kind} {other}"}))
    try:
        code, said = machine.end(machine.begin("psql", "--query", "select 1"))
    finally:
        file.write_text(text, encoding="utf-8")
    assert code == 1
    assert "does not match" in said


def test_only_what_is_declared_answers_before_and_after_allow_and_deny(machine: StandIn) -> None:
    assert open_ports(machine) == []
    # Here the engine takes the connection itself, whoever is behind the port.
    looked = machine.end(machine.begin_documented("fab doctor"))[1].splitlines()
    assert "ok    5432 answers here as it should" in looked
    assert "Power BI" not in machine.typed("fab allow")
    assert open_ports(machine) == [5432]
    assert open_ports(machine, ELSEWHERE) == []
    assert ask(machine, f"{BARS} LIMIT 10").count("AAPL") > 0
    with pytest.raises(RefusedError, match="permission denied"):
        ask(machine, "select * from market.sink_offsets")
    machine.typed("fab deny")
    assert open_ports(machine) == []
    machine.typed("fab allow")


def test_a_firewall_that_somebody_removed_comes_back(machine: StandIn) -> None:
    bars = count(machine)
    # Before the timer has noticed, the doctor has.
    machine.inside("systemctl stop tapeline-firewall-guard.timer && nft flush ruleset")
    looked = machine.end(machine.begin_documented("fab doctor"))[1]
    assert (
        "FAIL  the host's firewall is in force: tapeline-firewall: the firewall is gone" in looked
    )
    machine.inside("systemctl start tapeline-firewall-guard.timer")
    wait_for(lambda: machine.inside(CHECK_FIREWALL) == "0\n", "the firewall", 60)
    assert open_ports(machine) == [5432]
    assert open_ports(machine, ELSEWHERE) == []
    await_well(machine)
    wait_for(lambda: count(machine) > bars, "further bars", 120)


def test_status_logs_restart_and_doctor(machine: StandIn) -> None:
    said = machine.typed("fab status")
    for line in (r"release +\d{8}T\d{6}Z-\w{7}", r"settings +as configured",
                 r"health +all \d+ well", r"freshness +\d+ bars", r"lag +\d+ records",
                 r"series +\d+ polled", r"quota +\d+ calls",
                 r"engine +\d+\.\S+, built 2\d{3}-\d\d-\d\d; the base .* is \d+ days old",
                 r"certificate +\d+ of 800 days left, renewed by tapeline-certificate.timer",
                 rf"networks +{machine.address(OUTSIDE)}/32"):  # fmt: skip
        assert re.search(line, said), line
    assert "SIMULATED" in machine.typed("fab logs")
    machine.typed("fab restart")
    await_well(machine)
    assert "restart producer: done" in machine.inside("cat /opt/tapeline/audit.log")


def test_replay_of_the_first_hour_changes_nothing(machine: StandIn) -> None:
    rows = "select count(*), max(revision) from market.events_stream where inserted_at < now() - "
    rows += "interval '1 minute'"
    before = machine.fab("psql", "--query", rows)
    assert re.search(r"\bequal\b", machine.typed("fab replay --stack dev --start 1h --dry-run"))
    machine.typed("fab replay --stack dev --start 1h")
    assert int(machine.fab("psql", "--query", rows).split("|")[0]) >= int(before.split("|")[0])
    machine.typed("fab offsets")


def test_rotated_secrets_are_taken_and_the_old_ones_are_worthless(machine: StandIn) -> None:
    before = count(machine)
    ask(machine, "select 1")
    old = (machine.desk / "powerbi_password").read_text("utf-8")
    assert old.strip() == machine.stack.outputs().secrets["powerbi_reader_password"]
    machine.typed("fab rotate powerbi_reader")
    for what in ("stream_writer", "postgres"):
        machine.fab("rotate", what)
    machine.typed("fab rotate certificate")
    assert ask(machine, "select 1") == "[(1,)]\n"
    assert (machine.desk / "powerbi_password").read_text("utf-8") != old
    wait_for(lambda: count(machine) > before, "further bars", 120)
    machine.typed("fab offsets")


def test_a_backup_survives_the_loss_of_the_database(machine: StandIn) -> None:
    label = machine.typed("fab backup").strip().splitlines()[-1]
    assert label in machine.fab("status")
    assert "events_stream: " in machine.typed("fab drill")
    before = count(machine)
    # The volume of the database is lost; all else is there.
    machine.compose("rm", "--stop", "--force", "postgres", "migrate")
    machine.inside("docker volume rm tapeline_postgres")
    machine.typed("fab restore")
    wait_for(lambda: count(machine) >= before, "the bars of before, and those since", 180)
    machine.typed("fab offsets")
    assert ask(machine, "select 1") == "[(1,)]\n"


def test_a_lost_disk_is_made_good_from_the_repository_alone(machine: StandIn) -> None:
    rows = "select count(*), max(inserted_at) from market.events_stream where inserted_at < '{}'"
    bars = "select count(*) from market.events_stream where bar_time <= '{}'"
    # What a transaction wrote before may become visible a moment later.
    told = machine.fab(
        "psql", "--query",
        "select now() - interval '3s', pg_walfile_name(pg_current_wal_insert_lsn()), max(bar_time) "
        "from market.events_stream",
    )  # fmt: skip
    second, file, last_bar = told.strip().split("|")
    wanted = machine.fab("psql", "--query", rows.format(second))
    bars_wanted = int(machine.fab("psql", "--query", bars.format(last_bar)))
    newest = "select count(*) from market.events_stream where inserted_at > '{}'"
    archived = "select last_archived_wal from pg_stat_archiver"
    wait_for(lambda: machine.fab("psql", "--query", archived).strip() >= file, "the archive", 90)
    wait_for(lambda: machine.fab("psql", "--query", newest.format(second)) != "0\n", "a bar", 180)
    # As if the machine had gone with its disk; what is elsewhere is there, and so are the images.
    ours = "docker ps --all --quiet --filter label=com.docker.compose.project=tapeline"
    machine.inside(f"docker kill $(docker ps --quiet) && {ours} | xargs docker rm --force")
    lost_at = datetime.now(UTC)
    # The market is not lost with the machine.
    gone = "docker volume ls --quiet | grep ^tapeline_ | grep -v ^tapeline_market$"
    machine.inside(f"{gone} | xargs docker volume rm")
    begun = time.monotonic()
    said = machine.fab("rebuild", "--no-provision", "--images", "send")
    rebuilt_seconds = time.monotonic() - begun
    assert re.search(r"^market\.bars 0 begins at [1-9]", said, re.MULTILINE), said
    kept = machine.fab("psql", "--query", rows.format(f"{lost_at:%Y-%m-%d %H:%M:%S}+00"))
    lost_seconds = (lost_at - datetime.fromisoformat(kept.split("|")[1].strip())).total_seconds()
    LOG.info("lost %.1f s, rebuilt in %.1f s", lost_seconds, rebuilt_seconds)
    assert lost_seconds <= 60
    assert rebuilt_seconds <= 600
    assert machine.fab("psql", "--query", rows.format(second)) == wanted
    wait_for(
        lambda: machine.fab("psql", "--query", newest.format(lost_at.isoformat())) != "0\n",
        "further bars", 240,
    )  # fmt: skip
    # What had not reached the repository comes from the market again.
    wait_for(
        lambda: int(machine.fab("psql", "--query", bars.format(last_bar))) >= bars_wanted,
        "the bars since", 240,
    )  # fmt: skip
    machine.typed("fab offsets")
    assert ask(machine, "select 1") == "[(1,)]\n"
    # A second of the new one, exactly.
    told = machine.fab("psql", "--query", "select now(), now() - interval '3s'")
    second, before = told.strip().split("|")
    wanted = machine.fab("psql", "--query", rows.format(before))
    wait_for(lambda: machine.fab("psql", "--query", newest.format(second)) != "0\n", "a bar", 180)
    machine.fab("restore", "--yes", "--time", second)
    assert machine.fab("psql", "--query", rows.format(before)) == wanted
    machine.typed("fab offsets")


def test_a_broken_release_rolls_back_by_itself(machine: StandIn) -> None:
    before = machine.inside("readlink /opt/tapeline/current").strip()
    words = ("--no-provision", "--images", "send", "--gate-seconds", "45")
    code, said = machine.end(machine.begin("deploy", "--ref", broken_commit(), *words))
    assert code == 1
    assert "rolling back to" in said
    # Others may be on their way yet.
    assert re.search(r"runs again: not well after 45 s: (.*, )?stream \w+", said)
    assert machine.inside("readlink /opt/tapeline/current").strip() == before
    await_well(machine)


def test_of_two_deploys_at_once_one_is_refused(machine: StandIn) -> None:
    words = ("--no-provision", "--images", "send", "--reason")
    both = [machine.begin_documented("fab deploy", *words, name) for name in ("one", "other")]
    codes, said = zip(*[machine.end(one) for one in both], strict=True)
    assert sorted(codes) == [0, 1], said
    refused = said[codes.index(1)]
    assert re.search(rf"{STACK} is locked by \S+ since .* UTC: deploy \S+ \((one|other)\)", refused)
    machine.inside("test ! -e /opt/tapeline/lock")


def test_a_held_lock_refuses_until_it_is_given_back(machine: StandIn) -> None:
    machine.inside(
        "mkdir /opt/tapeline/lock; echo 'bob: a long action' > /opt/tapeline/lock/details"
    )
    code, said = machine.end(machine.begin("restart", "producer"))
    assert (code, said) == (
        1,
        f"fab restart: {STACK} is locked by bob: a long action; "
        "if that has ended without saying so, `fab unlock`\n",
    )
    machine.fab("unlock")
    machine.typed("fab restart")


def test_an_upgrade_takes_the_data_to_the_next_postgresql_and_a_rollback_back(
    machine: StandIn,
) -> None:
    version = ("psql", "--query", "show server_version")
    assert machine.fab(*version).startswith("17.")
    machine.with_next_postgres()
    words = ("--no-provision", "--images", "send")
    code, said = machine.end(machine.begin("deploy", *words))
    assert (code, said.splitlines()[-1]) == (
        1,
        "fab deploy: the data is of PostgreSQL 17, the release of 18; `fab upgrade` moves the data",
    )
    before = count(machine)
    assert "a new cluster, filled from /var/lib/tapeline/dumps" in machine.typed(
        "fab upgrade", *words
    )
    assert machine.fab(*version).startswith("18.")
    wait_for(lambda: count(machine) > before, "the bars of before, and further ones", 180)
    machine.typed("fab offsets")
    assert ask(machine, "select 1") == "[(1,)]\n"
    before = count(machine)
    machine.typed("fab rollback", "--reason", "to see that it does")
    assert machine.fab(*version).startswith("17.")
    wait_for(lambda: count(machine) > before, "the bars of before, and further ones", 180)
    machine.typed("fab offsets")
    assert ask(machine, "select 1") == "[(1,)]\n"


def test_patch_updates_the_engine_and_loses_nothing(machine: StandIn) -> None:
    machine.inside(TWO_VERSIONS)
    assert (
        "docker-buildx-plugin 0.1 0.2): fab patch"
        in machine.end(machine.begin_documented("fab doctor"))[1]
    )
    before = count(machine)
    said = machine.typed("fab patch", "--reason", "to see that it does")
    assert "update: docker-buildx-plugin 0.1 0.2\n" in said
    assert machine.inside("dpkg-query -Wf '${Version}' docker-buildx-plugin") == "0.2"
    assert "fab patch" not in machine.end(machine.begin_documented("fab doctor"))[1]
    wait_for(lambda: count(machine) > before, "further bars", 180)
    machine.typed("fab offsets")
    assert "nothing to update; engine " in machine.fab("patch")
    machine.inside("cd /etc/apt && rm -r sources.list.d && mv sources.aside sources.list.d")
    machine.inside("apt-get update")


def test_after_a_reboot_all_is_as_before(machine: StandIn) -> None:
    before = count(machine)
    machine.docker("restart", "--time", "60", machine.container)
    machine.await_machine()
    assert open_ports(machine, ELSEWHERE) == []
    await_well(machine)
    assert open_ports(machine) == [5432]
    wait_for(lambda: count(machine) > before, "further bars", 180)
    assert changed(provision(machine)) == 0


def test_the_canaries_are_nowhere_but_in_their_files(machine: StandIn, tmp_path: Path) -> None:
    secrets = [KEY, *filter(None, machine.stack.outputs().secrets.values())]
    assert len(secrets) == 7

    def leaks(text: str) -> list[str]:
        return [value for value in secrets if value in text]

    bundle = tmp_path / "bundle.tar.gz"
    machine.typed("fab bundle", "--out", str(bundle))
    with tarfile.open(bundle) as archive:
        names = archive.getnames()
        texts = [archive.extractfile(name) for name in names]
        bundled = "".join(text.read().decode() for text in texts if text is not None)
    assert "bundle/logs.txt" in names
    assert len(bundled) > 10_000
    assert leaks(bundled) == []
    assert leaks("".join([*machine.said, *machine.stack.printed])) == []
    assert leaks(machine.compose("logs", "--no-color")) == []
    inspect = machine.inside("docker inspect $(docker ps --all --quiet)")
    assert leaks(inspect) == []
    assert leaks(machine.inside("journalctl --no-pager")) == []
    pattern = machine.desk / "canaries"
    pattern.write_text("\n".join(secrets) + "\n", encoding="utf-8")
    machine.docker(
        "cp", str(pattern), f"{machine.container}:/var/canaries"
    )  # /run is another file system
    # It ends with 2 where a file went away before it was read.
    found = machine.inside(
        "grep --recursive --files-with-matches --fixed-strings --file=/var/canaries --no-messages "
        "/etc /opt /root /home /tmp /var/log /var/lib/tapeline || test $? = 2"
    ).splitlines()
    holders = ("/opt/tapeline/given/", "/var/lib/tapeline/docker/volumes/tapeline_secrets-")
    assert {holder for holder in holders for file in found if file.startswith(holder)} == {*holders}
    assert [file for file in found if not file.startswith(holders)] == []


@pytest.mark.parametrize(
    ("line", "question", "answer"),
    [
        *zip(
            commands("rehearsal-tunnel"),
            # A page, and PostgreSQL's question whether it speaks TLS.
            (b"GET / HTTP/1.0\r\n\r\n", bytes([0, 0, 0, 8, 4, 210, 22, 47])),
            (b"HTTP/1.1 ", b"S"),
            strict=True,
        )
    ],
)
def test_a_tunnel_leads_there_until_it_is_ended(
    line: str, question: bytes, answer: bytes, machine: StandIn
) -> None:
    [port] = free_ports(1)

    def answers() -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(question)
            return connection.recv(64).startswith(answer)
        return False

    typed = machine.begin_line(line, "--port", str(port))
    try:
        wait_for(answers, line, 60)
    finally:
        typed.send_signal(signal.SIGINT)
        code, said = machine.end(typed)
    assert (code, f"127.0.0.1:{port}" in said) == (0, True), said


def test_every_documented_command_was_typed(machine: StandIn) -> None:
    assert machine.documented.never_run() == []


def test_the_way_back_leaves_the_machine_to_its_owner(machine: StandIn) -> None:
    machine.fab("provision", "--undo", "--yes")
    assert machine.inside("docker ps --all --format '{{.Names}}'") == "web\n"
    assert machine.inside("cat /etc/docker/daemon.json") == "{}\n"
    assert machine.inside("nft list tables | grep -c tapeline || test $? = 1") == "0\n"
    assert machine.inside("sshd -T | grep -c '^allowusers' || test $? = 1") == "0\n"
    assert machine.inside("ls /etc/systemd/system | grep -c tapeline || test $? = 1") == "0\n"
    assert (
        machine.inside("test ! -e /etc/tapeline && ls /var/lib/tapeline")
        == "backups\ndocker\ndumps\n"
    )
