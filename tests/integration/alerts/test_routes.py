"""Routes and receivers: judged by amtool, and by what really arrives at servers of the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.containers.monitoring_tools import with_templates
from scripts.launcher.paths import ROOT
from scripts.local_stack.servers import processes
from services.alertmanager.settings import RECEIVERS
from tests.fixtures.live import wait_for
from tests.integration.alerts.servers import Server, start_alertmanager

SECRET = "s3cr3t-of-a-receiver"
FILES = {f"{way}_url": way for way in ("webhook", "slack", "ntfy", "discord", "teams", "watchdog")}
SETTINGS = {
    "ALERT_EMAIL_TO": "ops@example.org",
    "ALERT_EMAIL_FROM": "tapeline@example.org",
    "ALERT_SMTP_SERVER": "smtp.example.org:587",
    "ALERT_TELEGRAM_CHAT": "-1001234567890",
}


@dataclass
class Heard:
    """A server that takes every message: path, authorization and body."""

    server: ThreadingHTTPServer
    messages: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def by(self, way: str, word: str) -> list[tuple[str, str, str]]:
        return [one for one in self.messages if way in one[0] and word in one[2]]


@contextmanager
def listening() -> Iterator[Heard]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            heard.messages.append((self.path, self.headers.get("Authorization", ""), body))
            # As Telegram's answer to a message; to the others the status is enough.
            answer = b'{"ok": true, "result": {"message_id": 1, "date": 1, "chat": {"id": 1}}}'
            self.send_response(202 if "enqueue" in self.path else 200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    heard = Heard(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
    thread = threading.Thread(target=heard.server.serve_forever)
    thread.start()
    try:
        yield heard
    finally:
        heard.server.shutdown()
        heard.server.server_close()
        thread.join()


def written(folder: Path, receivers: str) -> Path:
    """Return the configuration that the image's program writes."""
    file = folder / "alertmanager.json"
    variables = {
        **SETTINGS,
        "PATH": os.environ["PATH"],
        "ALERT_RECEIVERS": receivers,
        "ALERT_SECRETS_DIR": str(folder / "secrets"),
    }
    command = [sys.executable, "-m", "services.alertmanager.main", str(file)]
    subprocess.run(command, check=True, env=variables, cwd=ROOT)
    return file


def secrets(folder: Path, url: str) -> None:
    (folder / "secrets").mkdir()
    for name, way in FILES.items():
        (folder / "secrets" / name).write_text(f"{url}/{way}/{SECRET}", "utf-8")
    for name in ("webhook_token", "ntfy_token", "telegram_token", "pagerduty_key"):
        (folder / "secrets" / name).write_text(SECRET, "utf-8")


def amtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*with_templates("amtool", os.environ), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("everybody")
    secrets(folder, "http://127.0.0.1:1")
    return written(folder, ",".join(RECEIVERS))


def test_alertmanager_takes_every_receiver_and_no_secret_is_in_the_file(everybody: Path) -> None:
    checked = amtool("check-config", everybody)
    assert checked.returncode == 0, checked.stderr
    assert SECRET not in everybody.read_text("utf-8")


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=StreamStalled severity=critical", "people"),
        ("alertname=StreamLags severity=warning", "people"),
        ("alertname=Watchdog severity=none", "outside"),
        ("alertname=TestMessage severity=warning", "tested"),
        ("alertname=Other severity=none", "nobody"),
    ],
)
def test_an_alert_goes_to_its_receiver(everybody: Path, labels: str, receiver: str) -> None:
    words = ["config", "routes", "test", f"--config.file={everybody}"]
    routed = amtool(*words, f"--verify.receivers={receiver}", *labels.split())
    assert routed.returncode == 0, routed.stdout + routed.stderr


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Heard, Path]]:
    """Alertmanager with all receivers but the mail server, the vendors' addresses turned here."""
    folder = tmp_path_factory.mktemp("running")
    with listening() as heard:
        secrets(folder, heard.url)
        file = written(folder, ",".join(name for name in RECEIVERS if name != "email"))
        document: dict[str, Any] = json.loads(file.read_text("utf-8"))
        for receiver in document["receivers"]:
            for one in receiver.get("telegram_configs", ()):
                one["api_url"] = f"{heard.url}/telegram"
            for one in receiver.get("pagerduty_configs", ()):
                one["url"] = f"{heard.url}/pagerduty/enqueue"
        file.write_text(json.dumps(document), "utf-8")
        server = start_alertmanager(folder, file)
        yield server, heard, folder
        processes.stop([server.child], 10)


def test_a_message_arrives_by_every_way(running: tuple[Server, Heard, Path]) -> None:
    server, heard, folder = running
    added = amtool(
        f"--alertmanager.url=http://{server.address}",
        *("alert", "add", "alertname=TestMessage", "severity=warning"),
        "--annotation=summary=A message to try the ways.",
    )
    assert added.returncode == 0, added.stderr
    ways = [name for name in RECEIVERS if name != "email"]
    for way in ways:
        wait_for(lambda way=way: bool(heard.by(way, "to try the ways")), way, 60)  # type: ignore[misc]
    assert {f"Bearer {SECRET}"} == {
        sent for path, sent, _ in heard.messages if path.startswith(("/webhook", "/ntfy"))
    }
    shown = json.dumps(server.get("/api/v2/status"))
    assert SECRET not in shown + (folder / "alertmanager.log").read_text("utf-8")


def test_a_silence_holds_a_message_back(running: tuple[Server, Heard, Path]) -> None:
    server, heard, _ = running
    at = f"--alertmanager.url=http://{server.address}"
    silenced = amtool(
        at, "silence", "add", "alertname=ClockOff", "--duration=1h", "--author=a", "--comment=b"
    )
    assert silenced.returncode == 0, silenced.stderr
    for name in ("ClockOff", "StreamStalled", "Watchdog"):
        severity = "none" if name == "Watchdog" else "critical"
        amtool(at, "alert", "add", f"alertname={name}", f"severity={severity}", "job=x")
    wait_for(lambda: bool(heard.by("webhook", "StreamStalled")), "the other alert", 60)
    wait_for(lambda: bool(heard.by("watchdog", "Watchdog")), "the watchdog", 60)
    assert heard.by("", "ClockOff") == []
    assert heard.by("webhook", "Watchdog") == []
