"""The key of Docker's packages: a host takes the one that we know, and no other beside it."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT
from scripts.local_stack.servers.ports import HOST

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: docker, tasks_from: key.yml}
"""


def gpg(home: Path, *words: str) -> str:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """Make two keys with subkeys, as Docker's has; return the keyring and their fingerprints."""
    home = tmp_path_factory.mktemp("gnupg")
    home.chmod(0o700)
    for name in ("Docker", "Somebody"):
        gpg(home, "--passphrase", "", "--quick-generate-key", name, "default", "default")
    shown = gpg(home, "--list-keys", "--with-colons")
    yield home, re.findall(r"^pub:.*\nfpr:+(\w+):", shown, re.MULTILINE)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


@contextmanager
def shown(folder: Path) -> Iterator[str]:
    """Serve a folder."""
    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer((HOST, 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_port}/gpg"
        server.shutdown()


def provision(folder: Path, offered: str, fingerprint: str) -> subprocess.CompletedProcess[str]:
    """Run the role's own tasks, with the key that somebody offers."""
    (folder / "shown").mkdir()
    (folder / "shown" / "gpg").write_text(offered, encoding="utf-8")
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    with shown(folder / "shown") as url:
        known = {
            "docker_key_url": url,
            "docker_key_file": str(folder / "docker.asc"),
            "docker_key_fingerprint": fingerprint,
            "ansible_python_interpreter": sys.executable,
        }
        program = Path(sys.executable).with_name("ansible-playbook")
        words = ["-i", "localhost,", str(folder / "play.yml"), "--extra-vars", json.dumps(known)]
        roles = {"ANSIBLE_ROLES_PATH": str(ROOT / "ansible" / "roles")}
        return subprocess.run(
            [str(program), *words], env={**os.environ, **roles}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="what a host installs is root's")
@pytest.mark.parametrize("offered", ["the known one", "another", "both", "a page"])
def test_only_the_key_that_we_know_is_installed(
    keys: tuple[Path, list[str]], tmp_path: Path, offered: str
) -> None:
    home, (known, other) = keys
    texts = {
        "the known one": gpg(home, "--armor", "--export", known),
        "another": gpg(home, "--armor", "--export", other),
        "both": gpg(home, "--armor", "--export", known, other),
        "a page": "<html>we are moving</html>\n",
    }
    done = provision(tmp_path, texts[offered], known)
    installed = tmp_path / "docker.asc"
    if offered == "the known one":
        assert done.returncode == 0, done.stdout
        assert installed.read_text("utf-8").strip() == texts[offered].strip()
    else:
        assert done.returncode == 2, done.stdout
        assert not installed.exists()
