"""What a run keeps: ports, passwords, its folder, and the fingerprint of what is installed."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from scripts.installation.jars import read_lock
from scripts.installation.python_packages import UV_REQUIREMENTS, uv_version
from scripts.installation.stamps import fingerprint
from scripts.launcher.errors import SetupError
from scripts.launcher.launch import split_at_dashes
from scripts.launcher.paths import JAR_LOCK, user_cache
from scripts.local_stack.addresses import Addresses, choose_addresses
from scripts.local_stack.data_directory import data_directory
from scripts.local_stack.servers.kafka_broker import Broker, server_properties
from scripts.local_stack.servers.passwords import make_passwords, read_password, write_pgpass
from scripts.local_stack.servers.ports import HOST, free_ports, require_free


def test_free_ports_differ_and_can_be_bound() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert require_free(ports) == ports


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError) as caught:
            require_free([port])
    assert str(caught.value) == (
        f"port {port} is taken; stop what listens on it, or use --ports auto"
    )


def test_automatic_addresses_are_all_different() -> None:
    chosen = choose_addresses("auto")
    assert len(set(vars(chosen).values())) == 7
    assert Addresses(1, 2, 3, 4, 5, 6, 7).bootstrap == "127.0.0.1:2"
    assert Addresses(1, 2, 3, 4, 5, 6, 7).simulator_url == "http://127.0.0.1:4/query"


def test_passwords_are_made_once_and_private(tmp_path: Path) -> None:
    files = make_passwords(tmp_path / "secrets")
    assert list(files) == [
        "postgres",
        "market_owner",
        "stream_writer",
        "alerts_service",
        "dashboard_service",
        "dashboard_reader",
        "powerbi_reader",
        "postgres_exporter",
    ]
    contents = [read_password(file).reveal() for file in files.values()]
    assert len(set(contents)) == 8
    assert min(map(len, contents)) >= 32
    assert [read_password(f).reveal() for f in make_passwords(tmp_path / "secrets").values()] == (
        contents
    )
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files.values()} == {0o600}


def test_pgpass_serves_any_port(tmp_path: Path) -> None:
    files = make_passwords(tmp_path)
    password = read_password(files["dashboard_reader"])
    file = write_pgpass(tmp_path, HOST, "market", "dashboard_reader", password)
    assert file.read_text() == f"127.0.0.1:*:market:dashboard_reader:{password.reveal()}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_wanted_folder_stays_and_serves_one_run_at_a_time(tmp_path: Path) -> None:
    wanted = tmp_path / "a" / "b"
    with data_directory(wanted) as directory:
        assert directory == wanted
        with (
            pytest.raises(SetupError, match=f"{wanted}"),
            data_directory(wanted),
        ):
            pass
    assert wanted.is_dir()


def test_a_temporary_folder_is_kept_only_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with data_directory(None) as first:
        assert first.parent == tmp_path
    assert not first.exists()
    with pytest.raises(SetupError), data_directory(None) as second:
        raise SetupError("broken")
    assert second.is_dir()
    assert capsys.readouterr().err == f"what the run left, logs included, is kept in {second}\n"


def test_fingerprint_tells_parts_apart() -> None:
    assert fingerprint(b"ab", b"c") == fingerprint(b"ab", b"c")
    assert fingerprint(b"ab", b"c") != fingerprint(b"a", b"bc")


def test_the_installer_is_pinned_by_hash() -> None:
    text = UV_REQUIREMENTS.read_text(encoding="utf-8")
    assert uv_version(text) == "0.13.9"
    assert text.count("--hash=sha256:") > 1


def test_the_user_cache_follows_the_standard(tmp_path: Path) -> None:
    assert user_cache({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "tapeline"
    assert user_cache({}) == Path.home() / ".cache" / "tapeline"


def test_pytest_options_follow_two_dashes() -> None:
    assert split_at_dashes(["unit", "--", "-k", "x", "--", "y"]) == (
        ["unit"],
        ["-k", "x", "--", "y"],
    )
    assert split_at_dashes(["unit"]) == (["unit"], [])


def test_the_connector_has_the_version_of_pyspark() -> None:
    names = {jar.file_name for jar in read_lock(JAR_LOCK)["connector"]}
    assert "spark-sql-kafka-0-10_2.13-4.2.0.jar" in names


def test_the_broker_listens_on_loopback_and_creates_no_topic_by_itself(tmp_path: Path) -> None:
    broker = Broker(Path("java"), Path("jars"), tmp_path, tmp_path, 9092, 9093)
    text = server_properties(broker)
    lines = dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines["listeners"] == "BROKER://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"
    assert lines["advertised.listeners"] == "BROKER://127.0.0.1:9092"
    assert lines["auto.create.topics.enable"] == "false"
    assert lines["log.dirs"] == f"{tmp_path}/segments"
