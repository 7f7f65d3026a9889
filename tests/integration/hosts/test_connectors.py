"""The shell of a host against a real sshd: what it runs, sends, and whom it does not believe."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from infra.outputs import KEY_FILE_VARIABLE, OUTPUTS_FILE_VARIABLE, StackOutputs
from scripts.launcher.paths import ROOT
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.processes import Command
from scripts.operations.connectors import RemoteShell, connect
from scripts.operations.errors import OperationError, UnreachableError
from scripts.operations.hosts.stack_outputs import known_hosts
from scripts.operations.ssh_client import SshSettings
from tests.fixtures.live import wait_for
from tests.integration.hosts.desk import Desk, key
from tests.unit.operations.fakes import outputs

SSHD = "/usr/sbin/sshd"

JUMP = "127.0.0.2"
"""Where the same sshd answers as another host."""


def is_listening(port: int) -> bool:
    """Return whether somebody listens on a port of the loopback interface."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StackOutputs, Path]]:
    """Run an sshd on the loopback interface; return what Pulumi would tell, and the desk."""
    if os.geteuid() != 0 or not Path(SSHD).exists():
        pytest.skip("needs root and an sshd: apt-get install openssh-server")
    desk, [port] = tmp_path_factory.mktemp("sshd"), free_ports(1)
    host_key, person = key(desk / "host"), key(desk / "person")
    (desk / "authorized_keys").write_text(person + "\n", encoding="utf-8")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    options = {
        "HostKey": desk / "host", "AuthorizedKeysFile": desk / "authorized_keys",
        "StrictModes": "no", "PidFile": "none", "UsePAM": "no", "PermitRootLogin": "yes",
        "Subsystem": "sftp internal-sftp", "ListenAddress": HOST,
        "Port": port,
    }  # fmt: skip
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    words += ["-o", f"ListenAddress={JUMP}"]
    child = processes.start(
        Command("sshd", [SSHD, "-D", "-e", "-f", "/dev/null", *words], desk / "sshd.log")
    )
    try:
        processes.wait_until(lambda: is_listening(port), child, 20)
        line = f"[{HOST}]:{port} {host_key}"
        user = getpass.getuser()
        yield replace(outputs(), address=HOST, ssh_port=port, ssh_user=user, host_key=line), desk
    finally:
        processes.stop([child], 10)


def shell(host: tuple[StackOutputs, Path], host_key: str = "") -> RemoteShell:
    told, desk = host
    told = replace(told, host_key=host_key or told.host_key)
    settings = SshSettings((str(desk / "person"),))
    return RemoteShell(connect(told, known_hosts(told, desk), settings), "/")


def test_a_command_runs_in_its_folder_and_gives_what_it_printed(
    host: tuple[StackOutputs, Path],
) -> None:
    there = shell(host)
    assert there.run("pwd; echo \"it's\" '$HOME'") == "/\nit's $HOME\n"
    assert there.run("tr a-z A-Z", given="said on stdin\n") == "SAID ON STDIN\n"
    assert there.code("echo out; echo err >&2; exit 9") == (9, "out\nerr\n")
    with pytest.raises(OperationError, match=r"`echo why; false` ended with 1:\nwhy"):
        there.run("echo why; false")


def test_a_file_is_sent_for_root_alone(host: tuple[StackOutputs, Path], tmp_path: Path) -> None:
    there = shell(host)
    there.send(b"\x00secret\n", str(tmp_path / "it's"))
    assert (tmp_path / "it's").read_bytes() == b"\x00secret\n"
    assert (tmp_path / "it's").stat().st_mode & 0o777 == 0o600
    large = tmp_path / "large"
    large.write_bytes(os.urandom(300_000))
    there.send(large, str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == large.read_bytes()
    assert there.run("find /tmp -maxdepth 1 -name '.tapeline-root.*'") == ""


def test_another_host_key_is_not_believed(host: tuple[StackOutputs, Path], tmp_path: Path) -> None:
    told, _ = host
    place = told.host_key.split(" ")[0]
    with pytest.raises(OperationError, match="does not match"):
        shell(host, host_key=f"{place} {key(tmp_path / 'other')}").run("true")


def test_a_host_whose_key_is_not_known_is_not_believed(host: tuple[StackOutputs, Path]) -> None:
    told, _ = host
    elsewhere = told.host_key.replace("[127.0.0.1]", "[127.0.0.2]")
    with pytest.raises(OperationError, match="not found in known_hosts"):
        shell(host, host_key=elsewhere).run("true")


def test_a_host_that_is_not_there_is_one_line() -> None:
    [port] = free_ports(1)
    told = replace(outputs(), address=HOST, ssh_port=port, ssh_user="ann")
    desk = Path(os.devnull)
    with pytest.raises(UnreachableError, match=rf"ann@{HOST}:{port}"):
        RemoteShell(connect(told, desk, SshSettings(())), "/").run("true")


def hang_up_on_one(server: socket.socket) -> None:
    """Take one connection, and end it without a word."""
    server.accept()[0].close()


def test_what_answers_there_and_is_no_sshd_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((HOST, 0)) as server:
        told = replace(outputs(), address=HOST, ssh_port=server.getsockname()[1])
        hang_up = threading.Thread(target=hang_up_on_one, args=(server,))
        hang_up.start()
        with pytest.raises(UnreachableError, match="Error reading SSH protocol banner"):
            RemoteShell(connect(told, Path(os.devnull), SshSettings(())), "/").run("true")
        hang_up.join()
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def desk(
    host: tuple[StackOutputs, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A person's machine: no key but what a test gives, a configuration of ssh, an agent."""
    told, folder = host
    made = Desk(told, tmp_path, folder / "person")
    # OpenSSH finds the home of the account, whatever HOME says.
    wrapper = tmp_path / "bin" / "ssh"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F "{made.config}" "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SSH_AUTH_SOCK", "")  # so that it is put back, whoever sets it
    monkeypatch.delenv("SSH_AUTH_SOCK")
    made.configure()
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(made.agent)], stdout=subprocess.DEVNULL)
    try:
        wait_for(made.agent.exists, "the agent's socket", 20)
        yield made
    finally:
        agent.terminate()
        agent.wait()


def test_the_key_of_the_stack_is_used(desk: Desk) -> None:
    assert desk.asks_who(str(desk.key)) == desk.told.ssh_user


def test_the_key_that_the_environment_names_comes_first(desk: Desk) -> None:
    named = {KEY_FILE_VARIABLE: str(desk.key)}
    assert desk.asks_who("/no/such/key", **named) == desk.told.ssh_user


def test_the_agents_key_is_used(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.add_to_agent(desk.key)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(desk.agent))
    assert desk.asks_who() == desk.told.ssh_user


@pytest.mark.parametrize("line", ["IdentityFile {key}", "IdentityAgent {agent}"])
def test_the_configuration_of_ssh_counts(desk: Desk, line: str) -> None:
    desk.add_to_agent(desk.key)
    place = f"Match host {HOST} exec true"
    desk.configure(place, line.format(key=desk.key, agent=desk.agent), "Match all")
    assert desk.asks_who() == desk.told.ssh_user


@pytest.mark.parametrize(
    "line",
    [
        f"ProxyJump {{user}}@{JUMP}:{{port}}",
        f"ProxyCommand ssh -p {{port}} -W [%h]:%p {{user}}@{JUMP}",
    ],
)
def test_the_way_through_another_host_is_taken(desk: Desk, line: str) -> None:
    told = desk.told
    way = line.format(user=told.ssh_user, port=told.ssh_port)
    desk.configure(f"Host {HOST}", way, "Host *", f"IdentityFile {desk.key}")
    assert desk.asks_who() == told.ssh_user
    known = (desk.folder / "known").read_text("utf-8").splitlines()
    assert [entry.partition(" ")[0] for entry in known] == [f"[{JUMP}]:{told.ssh_port}"]


def test_who_is_not_let_in_is_told_what_to_do(desk: Desk, tmp_path: Path) -> None:
    key(tmp_path / "stranger")
    remedy = re.escape("load the private key of sshPublicKey into the agent (ssh-add FILE), or na")
    with pytest.raises(UnreachableError, match=rf"Authentication failed.*{remedy}"):
        desk.asks_who(str(tmp_path / "stranger"))
    with pytest.raises(UnreachableError, match=f"No authentication methods available; {remedy}"):
        desk.asks_who()
    with pytest.raises(OperationError, match=r"there is no private key /no/such/key; name yours"):
        desk.asks_who("/no/such/key")


def test_a_key_with_a_passphrase_is_the_agents(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    shutil.copy2(desk.key, locked)
    command = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "a passphrase", "-f", str(locked)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with pytest.raises(UnreachableError, match="ssh-add FI"):
        desk.asks_who(str(locked))
    desk.add_to_agent(desk.key)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(desk.agent))
    assert desk.asks_who(str(locked)) == desk.told.ssh_user


@pytest.mark.parametrize("verb", ["status", "doctor"])
def test_a_host_that_is_not_reached_is_one_line_and_an_exit_code(desk: Desk, verb: str) -> None:
    [port] = free_ports(1)
    file = desk.folder / "outputs.json"
    file.write_text(json.dumps({**asdict(desk.told), "ssh_port": port}), "utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("fab")), verb, "--stack", "desk"],
        cwd=ROOT,
        env={**os.environ, OUTPUTS_FILE_VARIABLE: str(file)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert re.fullmatch(rf"fab {verb}: \w+@{HOST}:{port} by SSH: .*; is the host up, .*", line)
