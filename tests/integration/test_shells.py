"""The shell of a host against a real sshd: what it runs, sends, and whom it does not believe."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.outputs import StackOutputs
from scripts.embedded import processes
from scripts.embedded.ports import HOST, free_ports
from scripts.embedded.processes import Command
from scripts.operations.errors import OperationError
from scripts.operations.shells import RemoteShell, connect
from scripts.operations.stacks import known_hosts
from tests.unit.operations.fakes import outputs

SSHD = "/usr/sbin/sshd"


def is_listening(port: int) -> bool:
    """Return whether somebody listens on a port of the loopback interface."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def key(file: Path) -> str:
    """Make a pair of keys; return the public one as `kind key`."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)]
    subprocess.run(command, check=True)
    return " ".join(file.with_suffix(".pub").read_text("utf-8").split()[:2])


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
        "Subsystem": "sftp internal-sftp", "ListenAddress": HOST, "Port": port,
    }  # fmt: skip
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
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
    return RemoteShell(connect(told, known_hosts(told, desk), str(desk / "person")), "/")


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
    with pytest.raises(OperationError, match=rf"ann@{HOST}:{port} by SSH: "):
        RemoteShell(connect(told, desk, ""), "/").run("true")
