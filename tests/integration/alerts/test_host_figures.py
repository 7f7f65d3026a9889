"""The figures that a host tells each night: of a real certificate, and of what apt says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT

PROGRAM = ROOT / "scripts" / "operations" / "status" / "host-figures"
KEPT = """Unattended-Upgrade::Package-Blacklist "";
Unattended-Upgrade::Package-Blacklist:: "docker";
Unattended-Upgrade::Package-Blacklist:: "containerd";
Unattended-Upgrade::Package-Blacklist:: "runc";
"""
WAITING = """Reading package lists...
Inst libssl3t64 [3.5.1-1] (3.5.4-1~deb13u1 Debian:13.2/stable [amd64])
Inst containerd [1.7.24~ds1-6] (1.7.24~ds1-6+b4 Debian:13.2/stable [amd64])
Inst docker.io [26.1.5-1] (26.1.5-2 Debian:13.2/stable [amd64])
Conf docker.io (26.1.5-2 Debian:13.2/stable [amd64])
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A host with a certificate of two days, whose apt says so much."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key")
    made = ("req", "-x509", *key, "-subj", "/CN=postgres", "-days", "2", "-out", "server.crt")
    subprocess.run(["openssl", *made], cwd=tmp_path, capture_output=True, check=True)
    programs = {
        "apt-config": f"cat <<'END'\n{KEPT}END\n",
        "apt-get": f"cat <<'END'\n{WAITING}END\n",
        # exec -T postgres openssl x509 … -in FILE: the certificate is the one of this test.
        "compose": f'shift 3\nexec "$1" "$2" "$3" "$4" "$5" "$6" {tmp_path / "server.crt"}\n',
    }
    (tmp_path / "metrics").mkdir()
    (tmp_path / "bin").mkdir()
    for name, text in programs.items():
        file = tmp_path / "bin" / name
        file.write_text(f"#!/bin/sh\n{text}", "utf-8")
        file.chmod(0o755)
    return tmp_path


def run(place: Path, *compose: str) -> subprocess.CompletedProcess[str]:
    path = f"{place / 'bin'}:{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, "TAPELINE_METRICS": str(place / "metrics")}
    return subprocess.run(
        [PROGRAM, *compose], env=variables, capture_output=True, text=True, check=False
    )


def figures(place: Path) -> dict[str, int]:
    lines = [file.read_text("utf-8").splitlines()[1] for file in (place / "metrics").iterdir()]
    return {name: int(value) for name, value in map(str.split, lines)}


def test_the_certificate_and_the_updates_of_the_engine_are_told(place: Path) -> None:
    done = run(place, "compose")
    assert (done.returncode, done.stderr) == (0, "")
    told = figures(place)
    end = told.pop("tapeline_certificate_end_timestamp_seconds")
    begin = told.pop("tapeline_certificate_begin_timestamp_seconds")
    assert (end - begin, told) == (2 * 86400, {"tapeline_engine_updates": 2})


def test_without_the_database_what_can_be_told_is(place: Path) -> None:
    assert run(place, "false").returncode != 0
    assert figures(place) == {"tapeline_engine_updates": 2}
