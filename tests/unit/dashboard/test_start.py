"""How the container's entrypoint hands its settings over: by itself, and under a domain."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT

NAMES = ("PASSWORD_FILE", "HOST_NAMES", "TRUSTED_PROXIES")
PYTHON = """\
#!/bin/sh
case "$*" in
    "-m services.dashboard.container_network dashboard-web") echo 172.19.0.0/16 ;;
    "-m services.dashboard.main") env ;;
    *) exit 9 ;;
esac
"""


def start(folder: Path, given: str | None = None, **settings: str) -> tuple[str, ...]:
    """Run it on a folder with a stand-in for Python; return what the dashboard would be told."""
    if given is not None:
        (folder / "password").write_text(given, encoding="utf-8")
    text = (ROOT / "services" / "dashboard" / "entrypoint.sh").read_text("utf-8")
    text = text.replace("/run/keys", str(folder))
    for name, content in (("entrypoint.sh", text), ("python", PYTHON)):
        (folder / name).write_text(content, encoding="utf-8")
        (folder / name).chmod(0o755)
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    told = {f"DASHBOARD_{name}": value for name, value in settings.items()}
    entrypoint = [folder / "entrypoint.sh"]
    done = subprocess.run(entrypoint, env=path | told, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    seen = dict(line.split("=", 1) for line in done.stdout.splitlines())
    return tuple(seen.get(f"DASHBOARD_{name}", "") for name in NAMES)


def test_without_a_domain_nothing_is_changed(tmp_path: Path) -> None:
    assert start(tmp_path, HOST_NAMES="", TRUSTED_PROXIES="") == ("", "", "")
    assert start(tmp_path, "chosen\n", DOMAIN="") == (f"{tmp_path}/password", "", "")


def test_under_a_domain_there_is_always_a_password(tmp_path: Path) -> None:
    assert start(tmp_path, DOMAIN="market.example.org") == (
        "/run/tapeline/dashboard_password",
        "localhost,127.0.0.1,market.example.org",
        "172.19.0.0/16",
    )


@pytest.mark.parametrize(
    ("given", "file"),
    [
        ("chosen\n", "{}/password"),
        ("", "/run/tapeline/dashboard_password"),
        (" \n", "/run/tapeline/dashboard_password"),
    ],
)
def test_the_one_that_was_given_is_taken_if_it_is_one(
    given: str, file: str, tmp_path: Path
) -> None:
    found, *_ = start(tmp_path, given, DOMAIN="market.example.org")
    assert found == file.format(tmp_path)


def test_what_was_set_besides_stays(tmp_path: Path) -> None:
    _, names, proxies = start(
        tmp_path, DOMAIN="x.example.org", HOST_NAMES="desk", TRUSTED_PROXIES="192.0.2.7"
    )
    assert (names, proxies) == ("desk,x.example.org", "192.0.2.7,172.19.0.0/16")
