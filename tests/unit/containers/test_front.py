"""The front before the dashboard: what nginx is told, and the programs around it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.launcher.paths import ROOT
from services.dashboard.auth_middleware import HEADERS
from tests.fixtures.live import wait_for

FRONT = ROOT / "services" / "front"
NAME = "market.example.org"
KEYS = "/run/tapeline"
TMP = "/tmp"  # noqa: S108 - all that its root file system lets it write to
Block = list[Any]


def parse(text: str) -> Block:
    """Return nginx's directives as lists of words; a block is the last entry of its directive."""
    plain = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    stack: list[Block] = [[]]
    words: list[Any] = []
    for token in re.findall(r'"[^"]*"|[;{}]|[^\s;{}"]+', plain):
        if token == ";":
            stack[-1].append(words)
            words = []
        elif token == "{":
            stack.append([])
            stack[-2].append([*words, stack[-1]])
            words = []
        elif token == "}":
            stack.pop()
        else:
            words.append(token)
    return stack[0]


READ_ALONE = ["limit_except", "GET", [["deny", "all"]]]
TO_DASHBOARD = ["proxy_pass", "http://$dashboard"]
CHALLENGES = ["location", "/.well-known/acme-challenge/", [["root", "/run/acme"]]]
PLAIN_STRANGERS = [
    ["listen", "8080", "default_server"],
    ["location", "/", [["return", "444"]]],
    CHALLENGES,
]
STRANGERS = [
    ["listen", "8443", "ssl", "default_server"],
    ["ssl_reject_handshake", "on"],
    ["return", "444"],
]
PLAIN = [
    ["listen", "8080"],
    ["server_name", NAME],
    ["location", "/", [["return", "308", f"https://{NAME}$request_uri"]]],
    CHALLENGES,
]
ENCRYPTED = [
    ["listen", "8443", "ssl"],
    ["server_name", NAME],
    ["proxy_set_header", "X-Forwarded-For", "$remote_addr"],
    ["proxy_set_header", "X-Forwarded-Proto", "https"],
    ["proxy_set_header", "Host", "$http_host"],
    ["proxy_set_header", "Connection", '""'],
    ["proxy_http_version", "1.1"],
    ["proxy_max_temp_file_size", "0"],
    ["error_page", "502", "504", "@away"],
    ["set", "$dashboard", "dashboard-web:8050"],
    ["location", "/", [READ_ALONE, TO_DASHBOARD]],
    [
        *("location", "/api/alert-rules"),
        [
            ["limit_except", "GET", "POST", "PUT", "DELETE", [["deny", "all"]]],
            ["client_max_body_size", "16k"],
            TO_DASHBOARD,
        ],
    ],
    [
        *("location", "=", "/api/stream"),
        [READ_ALONE, TO_DASHBOARD, ["proxy_buffering", "off"], ["proxy_read_timeout", "1h"]],
    ],
    [
        *("location", "@away"),
        [["return", "502", r'"The dashboard is not there; it comes back by itself.\n"']],
    ],
]
WHOLE = [
    ["daemon", "off"],
    ["pid", f"{TMP}/nginx.pid"],
    ["worker_processes", "1"],
    ["worker_rlimit_nofile", "4096"],
    ["worker_shutdown_timeout", "10m"],
    ["events", [["worker_connections", "2048"]]],
    [
        "http",
        [
            ["access_log", "off"],
            ["server_tokens", "off"],
            ["default_type", "text/plain"],
            ["client_body_temp_path", f"{TMP}/body"],
            *(
                [f"{one}_temp_path", f"{TMP}/{one}"]
                for one in ("proxy", "fastcgi", "uwsgi", "scgi")
            ),
            ["client_header_timeout", "10s"],
            ["client_body_timeout", "10s"],
            ["client_max_body_size", "1k"],
            ["ssl_certificate", "/run/tapeline/server.crt"],
            ["ssl_certificate_key", "/run/tapeline/server.key"],
            ["ssl_protocols", "TLSv1.2", "TLSv1.3"],
            ["ssl_ciphers", "ECDHE+AESGCM:ECDHE+CHACHA20"],
            ["ssl_session_cache", "shared:sessions:2m"],
            ["ssl_session_tickets", "off"],
            ["http2", "on"],
            ["map", "$https", "$for_a_year", [["on", '"max-age=31536000"']]],
            ["add_header", "Strict-Transport-Security", "$for_a_year", "always"],
            *(
                one
                for name, value in HEADERS.items()
                for one in (
                    ["proxy_hide_header", name],
                    ["add_header", name, f'"{value}"', "always"],
                )
            ),
            ["resolver", "127.0.0.11", "valid=5s", "ipv6=off"],
            ["resolver_timeout", "5s"],
            ["server", PLAIN_STRANGERS],
            ["server", STRANGERS],
            ["server", PLAIN],
            ["server", ENCRYPTED],
        ],
    ],
]


def program(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)
    return file


def prepare(folder: Path, nginx: str, on_change: str) -> tuple[list[str], str]:
    """Lay the service's files into a folder, beside a stand-in for nginx; return what starts it."""
    for made in ("made", "keys", "front", "common/process"):
        (folder / made).mkdir(parents=True)
    for name in ("entrypoint.sh", "nginx.conf"):
        text = (FRONT / name).read_text("utf-8").replace(f"{TMP}/", f"{folder}/made/")
        program(folder / "front", name, text.replace(f"{KEYS}/", f"{folder}/keys/"))
    program(folder / "common" / "process", "run_on_file_change.sh", on_change)
    program(folder, "nginx", nginx)
    return [str(folder / "front" / "entrypoint.sh")], f"{folder}:{os.environ['PATH']}"


def start(folder: Path, domain: str) -> subprocess.CompletedProcess[str]:
    """Start it with stand-ins for nginx and for what watches the certificate."""
    command, path = prepare(folder, '#!/bin/sh\necho "$@"\n', "#!/bin/sh\n")
    told = {"PATH": path, "DASHBOARD_DOMAIN": domain}
    return subprocess.run(command, env=told, capture_output=True, text=True, check=False)


def test_nginx_is_told_all_this_and_no_more(tmp_path: Path) -> None:
    done = start(tmp_path, NAME)
    assert (done.returncode, done.stderr) == (0, "")
    made = tmp_path / "made"
    assert done.stdout == f"-e stderr -c {made}/nginx.conf\n"
    told = (made / "nginx.conf").read_text("utf-8").replace(f"{made}/", f"{TMP}/")
    told = told.replace(f"{tmp_path}/keys/", f"{KEYS}/")
    assert parse(told) == WHOLE


@pytest.mark.parametrize("domain", ["", "a b", "x;y", "https://x", "EXAMPLE.org", "a/b"])
def test_what_is_no_name_is_refused(domain: str, tmp_path: Path) -> None:
    done = start(tmp_path, domain)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"front: DASHBOARD_DOMAIN is '{domain}'; it must be the name")


# Not a shell: under nohup, which ignores the signal, a shell could not take it.
NGINX = """#!{python}
import os, pathlib, signal
folder = pathlib.Path("{folder}")
def take(*_):
    pair = [(folder / "keys" / name).read_text() for name in ("server.crt", "server.key")]
    (folder / "taken").write_text("".join(pair))
    (folder / "taken").rename(folder / "served")
signal.signal(signal.SIGHUP, take)
(folder / "pid").write_text(str(os.getpid()))
(folder / "pid").rename(folder / "made" / "nginx.pid")
while True:
    signal.pause()
"""


def test_a_new_certificate_is_taken_once_it_is_whole(tmp_path: Path) -> None:
    watch = (FRONT.parent / "common" / "process" / "run_on_file_change.sh").read_text("utf-8")
    quick = watch.replace("while sleep 2", "echo ready\nwhile sleep 0.1")
    nginx = NGINX.format(python=sys.executable, folder=tmp_path)
    command, path = prepare(tmp_path, nginx, quick)
    pair = [tmp_path / "keys" / name for name in ("server.crt", "server.key")]
    for file in pair:
        file.write_text("one", encoding="utf-8")
    told = {"PATH": path, "DASHBOARD_DOMAIN": NAME}
    # A group of its own: what watches is ended with the server, as in a container.
    with subprocess.Popen(
        command, env=told, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as front:
        try:
            wait_for((tmp_path / "made" / "nginx.pid").exists, "nginx", 10)
            assert front.stdout is not None
            assert front.stdout.readline() == "ready\n"
            for file in pair:
                file.write_text("two", encoding="utf-8")
            assert front.stdout.readline() == "front: the certificate has changed\n"
            wait_for((tmp_path / "served").exists, "the new certificate", 10)
            assert (tmp_path / "served").read_text("utf-8") == "twotwo"
        finally:
            os.killpg(front.pid, signal.SIGKILL)


def test_the_scripts_are_words_that_a_shell_reads() -> None:
    for name in ("entrypoint.sh", "healthcheck.sh", "../common/process/run_on_file_change.sh"):
        assert os.access(FRONT / name, os.X_OK), name
        shell = (FRONT / name).read_text("utf-8").splitlines()[0].removeprefix("#!")
        assert (
            subprocess.run([*shlex.split(shell), "-n", FRONT / name], check=False).returncode == 0
        )
