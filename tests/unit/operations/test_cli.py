"""What the verbs do, in order, against a shell that answers from a table."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.operations import database_connection
from scripts.operations.credentials import rotation
from scripts.operations.errors import OperationError
from scripts.operations.hosts import host_settings
from scripts.operations.releases.settings_file import setting, with_setting
from scripts.operations.status import status_report, support_bundle
from scripts.operations.target import LOCAL
from tests.unit.operations.fakes import Answer, listed, operation, outputs

GOOD = listed(kafka="healthy", secrets="exited 0", stream="healthy")


def test_the_key_is_sent_as_a_file_and_never_in_a_command(tmp_path: Path) -> None:
    one, shell, _ = operation({"ps --all --format": GOOD})
    one.outputs = replace(outputs(), secrets={**outputs().secrets, "alpha_vantage_key": ""})
    (tmp_path / "key.txt").write_text("  CANARY\n\n", encoding="utf-8")
    rotation.rotate(one, "key", str(tmp_path / "key.txt"))
    assert shell.sent == {"/opt/tapeline/keys/alpha_vantage_key.new": b"CANARY\n"}
    assert not [command for command in shell.ran if "CANARY" in command]


@pytest.mark.parametrize(
    ("what", "file", "said"),
    [
        ("key", "", "the new key is read from a file"),
        ("key", "/no/such/file", "--file: .*FileNotFoundError; the key in use stays"),
        ("certificate", "/no/such/folder", "--file: .*No such file"),
        ("stream_writer", "/etc/hostname", "a new password is made there"),
        ("dashboard", "/etc/hostname", "a new password is made there"),
        ("kafka_password", "", "it is read from a file: fab rotate kafka_password --file FILE"),
        ("kafka_ca", "/no/such/file", "--file '/no/such/file' cannot be read"),
        ("root", "", "cannot be rotated; there are key, certificate, pos"),
    ],
)
def test_what_cannot_be_rotated_changes_nothing(what: str, file: str, said: str) -> None:
    one, shell, _ = operation({})
    with pytest.raises(OperationError, match=said):
        rotation.rotate(one, what, file)
    assert shell.ran == []


def test_status_tells_each_thing_in_a_line_and_what_it_cannot_tell() -> None:
    facts = {
        "bars": 12,
        "newest_bar": "2026-11-24T20:29:00Z",
        "written": 4,
        "rejected": 1,
        "lost": 0,
    }
    one, _, _ = operation(
        {
            "readlink": "releases/r1",
            "settings.env": "\n".join(host_settings.lines(outputs())),
            "alpha_vantage_key": outputs().secrets["alpha_vantage_key"],
            "ps --all --format": GOOD,
            "tapeline-access": "nobody",
            "json_build_object": json.dumps(facts),
            "bi.price_bases": "AAPL|5min|100|0|1407|2\nIBM|1min|0|9|0|2\n",
            "exec --no-TTY stream python": 'tapeline_stream_lag_records{partition="0"} 3.0\n'
            'tapeline_stream_lag_records{partition="1"} 4.0\n',
            "exec --no-TTY producer": "tapeline_producer_series 25.0\n"
            "tapeline_producer_series_given_up 3.0\ntapeline_producer_calls_today 24.0\n",
            "df -Pk": (1, "df: no such file"),
            "grep BASE_IMAGE": "BASE_IMAGE: ${BASE_IMAGE:-debian:trixie-20260918-slim}\n",
            "docker version": "29.1.3, built 2026-11-20\n",
            "enddate": "notBefore=Sep 25 20:31:00 2026 GMT\nnotAfter=Nov 27 20:31:00 2026 GMT\n",
            "pgbackrest/list": "20261124-023000F\n",
        }
    )
    lines, is_known = status_report.status(one)
    assert is_known
    assert lines == [
        "release     r1",
        "settings    as configured",
        "health      all 3 well",
        "freshness   12 bars, the newest of 2026-11-24T20:29:00Z, written 4 s ago; "
        "1 rejected, 0 lost",
        "lag         7 records in Kafka that are not yet in the table",
        "alerts      nobody watches: add observe to COMPOSE_PROFILES",
        "series      25 polled, 3 GIVEN UP: fab logs --service producer --grep 'given up'",
        "bases       2 series on several or with unknown ones (1407 bars): fab doctor",
        "quota       24 calls charged to this day",
        "disk        unknown: df: no such file",
        "engine      29.1.3, built 2026-11-20; the base of the images is 67 days old",
        "certificate 3 of 63 days left: tapeline-certificate.timer has not renewed it; on the host:"
        " journalctl -u tapeline-certificate, then systemctl start tapeline-certificate",
        "backup      20261124-023000F, 18.0 hours ago",
        "networks    nobody from elsewhere",
    ]


def test_a_status_of_which_nothing_is_known_is_none() -> None:
    unknown: dict[str, Answer] = {"": (1, "Cannot connect to the Docker daemon")}
    one, _, _ = operation(unknown, LOCAL)
    lines, is_known = status_report.status(one)
    # What this machine lets in stands in its own file.
    assert [line.partition(" ")[0] for line in lines if "unknown: Cannot" not in line] == [
        "release",
        "settings",
    ]
    assert not is_known


def test_a_bundle_takes_the_end_of_the_record_where_there_is_one() -> None:
    unknown: dict[str, Answer] = dict.fromkeys(("psql", "df -Pk", "enddate"), (1, ""))
    one, shell, _ = operation({"ps --all --format": GOOD, **unknown}, LOCAL)
    assert "audit.txt" in support_bundle.collect(one)
    file = ".cache/operations/audit.log"
    assert f"if [ -e {file} ]; then tail -n 200 {file}; fi" in shell.ran


def test_a_bundle_knows_what_was_given_in_files() -> None:
    files: dict[str, Answer] = {
        "cat secrets/alpha_vantage_key ": "KEY-NOW\n",
        "cat secrets/alpha_vantage_key.before": "KEY-BEFORE\n",
        "cat secrets/dashboard/password": "chosen by a person\n",
        "secrets show spark_secret": "made\n",
    }
    one, _, _ = operation(files, LOCAL)
    known = support_bundle.known_secrets(one)
    assert {"KEY-NOW", "KEY-BEFORE", "chosen by a person", "made"} == {*known}


def test_a_session_that_may_write_leaves_a_trace_without_its_words() -> None:
    one, shell, _ = operation({"exec ": (3, "")})
    secret = "alter role x password 'CANARY'"
    assert database_connection.open_(one, write=True, query=secret) == 3
    before, asked, after = shell.ran
    assert "ann@desk: psql --write, one query: begun" in before
    assert "CANARY" in asked
    assert "ann@desk: psql --write, one query: ended with 3" in after
    assert "CANARY" not in before + after
    shell.ran.clear()
    database_connection.open_(one, write=False, query="select 1")
    assert len(shell.ran) == 1


def test_a_bundle_holds_no_secret(tmp_path: Path) -> None:
    hidden = [*outputs().secrets.values()]
    files = {
        "logs.txt": "\n".join(
            [*hidden, "POSTGRES_PASSWORD=unknown-to-us", "https://x/query?apikey=OTHERKEY&f=1",
             "postgresql://ann:openly@db/market", "POSTGRES_PASSWORD_FILE: /run/tapeline/x",
             "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEI\n-----END EC PRIVATE KEY-----"]
        ),
    }  # fmt: skip
    target = tmp_path / "bundle.tar.gz"
    support_bundle.write(files, hidden, target)
    with tarfile.open(target) as archive:
        member = archive.extractfile("bundle/logs.txt")
        assert isinstance(member, io.BufferedReader)
        text = member.read().decode()
    assert text.splitlines() == [
        *["***"] * len(hidden),
        "POSTGRES_PASSWORD=***",
        "https://x/query?apikey=***&f=1",
        "postgresql://ann:***@db/market",
        "POSTGRES_PASSWORD_FILE: /run/tapeline/x",
        "***",
    ]
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_setting_is_changed_in_its_place() -> None:
    text = "# a comment\nA=1\nB=2\n"
    assert with_setting(text, "A", "x") == "# a comment\nA=x\nB=2\n"
    assert with_setting(text, "C", "") == "# a comment\nA=1\nB=2\nC=\n"
    assert (setting(text, "B"), setting(text, "C")) == ("2", "")
