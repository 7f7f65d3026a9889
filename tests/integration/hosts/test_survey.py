"""What a machine answers to others, in a network of its own; the rehearsal looks at the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT

PROGRAM = ROOT / "ansible" / "roles" / "survey" / "files" / "tapeline-survey"
# A web server, another one on IPv6, syslog; a client of DHCP, a client's own port, loopback, SSH.
LISTEN = """
import socket, subprocess, sys
held = [socket.create_server(("", port)) for port in (8080, 2022)]
held += [socket.create_server(("127.0.0.1", 9999)), socket.create_server(("::1", 9998), family=10)]
held.append(socket.create_server(("::", 8081), family=socket.AF_INET6))
for address, port in (("", 514), ("", 68), ("", 45000), ("127.0.0.1", 53)):
    held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    held[-1].bind((address, port))
sys.exit(subprocess.run([sys.executable, *sys.argv[1:]]).returncode)
"""


def test_what_others_can_reach_is_told_and_nothing_else() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, for a network of its own")
    inside = f"ip link set lo up && exec {sys.executable} -c '{LISTEN}' {PROGRAM} tapeline 2022"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", inside], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    ports = [line for line in done.stdout.splitlines() if line.startswith("port ")]
    name = Path(sys.executable).name
    assert ports == [
        f"port 514/udp answers ({name})",
        f"port 8080/tcp answers ({name})",
        f"port 8081/tcp answers ({name})",
    ]
