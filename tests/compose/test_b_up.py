"""From nothing to bars: `docker compose up -d --build` with no file prepared."""

from __future__ import annotations

import json
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest

from scripts.containers import programs
from scripts.launcher.paths import ROOT
from scripts.supply_chain import images, sbom
from tests.compose.stack import LONG_RUNNING, Stack

UP = ("up", "--detach", "--build")


def test_bars_are_read_through_tls_within_five_minutes(stack: Stack, start_seconds: float) -> None:
    query = "SELECT symbol, bar_time, open, close, volume FROM events_stream"
    rows = stack.rows(f"{query} ORDER BY bar_time DESC LIMIT 10")
    assert len(rows) == 10
    assert start_seconds < 300
    with stack.connection() as connection:
        encrypted = "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()"
        assert connection.execute(encrypted.encode()).fetchall() == [(True, "TLSv1.3")]


def test_every_bar_says_that_it_is_simulated(stack: Stack) -> None:
    rows = stack.rows("select distinct source, freshness from events_stream")
    assert rows == [("simulator", "simulated")]
    assert "SIMULATED" in stack.compose("logs", "producer")


@pytest.mark.parametrize(
    ("service", "processes"), [("spark-master", 1), ("spark-worker", 2), ("stream", 1)]
)
def test_java_starts_from_its_archive_of_classes(
    stack: Stack, service: str, processes: int
) -> None:
    # What does not fit is mapped, found wanting, and mapped no more.
    maps = "ls -l /proc/[0-9]*/exe 2>/dev/null | grep -c /bin/java; grep -ls /opt/spark-classes.jsa"
    found = stack.compose("exec", "-T", service, "sh", "-c", f"{maps} /proc/[0-9]*/maps | wc -l")
    assert found.split() == [str(processes), str(processes)]
    assert "shared archive" not in stack.compose("logs", service)


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    secret_names = ("dashboard_reader_password", "ca.crt", "spark_secret")
    secrets = [stack.show_secret(name) for name in secret_names]
    # The BuildKit of Docker 20.10 can miss an image in its cache and make it once more, once: then
    # containers of it are recreated, rightly, and what counts is the next time.
    for _ in range(2):
        images = sorted(stack.compose("images", "--quiet").split())
        before = {name: stack.container(name) for name in LONG_RUNNING}
        started = start_times(stack)

        stack.compose(*UP)

        stack.wait_until_healthy(120)
        if sorted(stack.compose("images", "--quiet").split()) == images:
            break
    else:
        pytest.fail("images are made again and again")
    assert {name: stack.container(name) for name in LONG_RUNNING} == before
    again = start_times(stack)
    assert [again[key] for key in before.values()] == [started[key] for key in before.values()]
    assert [stack.show_secret(name) for name in secret_names] == secrets


def start_times(stack: Stack) -> dict[str, str]:
    """Return when each container was started, by its id."""
    return {one["Id"]: one["State"]["StartedAt"] for one in stack.containers().values()}


def test_secrets_are_readable_by_their_owner_alone(stack: Stack) -> None:
    modes = stack.compose(
        *("run", "--rm", "--no-deps", "-T", "--entrypoint", "find", "secrets"),
        *("/secrets", "-mindepth", "1", "-printf", "%y %m %u\n"),
    )
    assert set(modes.splitlines()) == {"d 700 tapeline", "f 400 tapeline"}


def test_the_containers_are_what_the_file_promises(stack: Stack) -> None:
    for one in stack.containers().values():
        host, name = one["HostConfig"], one["Name"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert not host["CapAdd"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert host["Memory"] > 0, name
        assert host["NanoCpus"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert one["Config"]["User"] == "10001:10001", name


def test_each_image_holds_its_own_service_alone(stack: Stack) -> None:
    images = stack.variables["TAPELINE_IMAGES"]
    for name in (
        *("simulator", "producer", "topics", "stream", "kafka", "postgres", "secrets"),
        *("dashboard", "front", "prometheus", "alertmanager", "node-exporter"),
        "postgres-exporter",
    ):
        image = f"{images}/{name}:0.1.0"
        listed = stack.docker("run", "--rm", "--entrypoint", "ls", image, "/app/services")
        folders = {line for line in listed.split() if not line.startswith("__")}
        dated = {"calendars"} if name in {"simulator", "producer"} else set[str]()
        assert folders - {"common"} == {name, *dated}
        labels = json.loads(stack.docker("inspect", image))[0]["Config"]["Labels"]
        assert labels["org.opencontainers.image.version"] == "0.1.0"
        assert labels["org.opencontainers.image.source"]


@pytest.mark.parametrize("service", ["topics", "kafka", "postgres", "dashboard"])
def test_the_bill_of_an_image_names_what_the_image_says_it_holds(
    stack: Stack, tmp_path: Path, service: str
) -> None:
    image = f"{stack.variables['TAPELINE_IMAGES']}/{service}:0.1.0"
    with images.exported(image, stack.variables, programs.require("docker")) as stream:
        sbom.write_image(ROOT, tmp_path, image, stream)
    written = json.loads((tmp_path / f"{service}.cdx.json").read_text("utf-8"))["components"]
    debian = {
        f"{one['name']} {one['version']}" for one in written if one["purl"].startswith("pkg:deb/")
    }
    inside = ("run", "--rm", "--network", "none", "--entrypoint")
    packages = stack.docker(*inside, "dpkg-query", image, "-W", "-f", "${Package} ${Version}\n")
    assert debian == {*packages.splitlines()}
    python = {one["purl"] for one in written if one["purl"].startswith("pkg:pypi/")}
    files = stack.docker(
        *(*inside, "find", image, "/opt", "-path", "*/site-packages/*.dist-info/METADATA")
    )
    assert len(python) == len(files.splitlines())
    assert bool(python) == (service in {"topics", "dashboard"})
    assert any(one["purl"].startswith("pkg:maven/") for one in written) == (service == "kafka")
    assert any(one["purl"].startswith("pkg:npm/") for one in written) == (service == "dashboard")


def test_what_is_typed_every_day_works(stack: Stack) -> None:
    assert stack.typed("docker compose ps").count("(healthy)") == len(LONG_RUNNING)
    assert "producer" in stack.typed("docker compose logs")
    shown = stack.typed("docker compose run --rm secrets show powerbi_reader_password")
    assert shown.strip() == stack.secret("powerbi_reader_password")
    assert "BEGIN CERTIFICATE" in stack.typed("docker compose run --rm secrets show ca.crt")
    stack.typed("docker compose exec stream python -m services.stream.reconcile")
    assert "usage: " in stack.typed("docker compose run --rm -e SPARK_MASTER")


def test_history_is_imported_from_files(stack: Stack) -> None:
    # Of a folder that the containers' user can enter, which pytest's are not.
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        file = Path(home) / "history" / "IBM.csv"
        file.parent.mkdir()
        file.write_text("date,open,high,low,close\n2001-03-01,95.5,98.2,94.1,97.3\n", "utf-8")
        for path, mode in ((file, 0o644), (file.parent, 0o755), (Path(home), 0o755)):
            path.chmod(mode)
        looked = stack.typed("docker compose run --rm --no-deps -e SPARK_MASTER", HOME=home)
        imported = stack.typed(".venv/bin/fab import", HOME=home)
    one = "1 new, 0 changed, 0 equal or older, 0 rejected"
    assert f"dry run, nothing written: {one}" in looked
    assert f"done: {one}" in imported
    stored = "select symbol, close, source from bi.events_stream where session_date = '2001-03-01'"
    assert stack.rows(stored) == [("IBM", Decimal("97.3"), "file")]
