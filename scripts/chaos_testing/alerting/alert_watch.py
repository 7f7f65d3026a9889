"""Prometheus and Alertmanager beside the pipeline under test, and a webhook that hears them.

Configuration, rules and intervals are those of the images. In: the addresses of the metrics, how
the exporter of the database gets in, and each fault's beginning and end. Out: what came when, and
what is wrong with that.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from scripts.chaos_testing.alerting import verdicts
from scripts.chaos_testing.alerting.expectations import EXPECTED
from scripts.chaos_testing.alerting.verdicts import Message
from scripts.chaos_testing.faults.episode_plan import Fault
from scripts.launcher.progress import say
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.monitoring import (
    Server,
    start_alertmanager,
    start_postgres_exporter,
    start_prometheus,
)
from scripts.local_stack.servers.ports import HOST
from services.alertmanager.configuration import configuration
from services.alertmanager.settings import Settings

CLEAR_SECONDS = 400.0
"""The end of a warning is told up to five minutes and its first minute after what it warned of."""
_LINGER_SECONDS = 60.0
_PATIENCE = 3
_ANSWER = b"{}"


@dataclass(frozen=True)
class Exported:
    """A database on this machine whose figures are told, and the exporter's password."""

    port: int
    database: str
    password: Path


@dataclass
class AlertWatch:
    """What is heard of alerts; one told later than `limit_seconds` is a finding."""

    folder: Path
    targets: Mapping[str, str]
    exported: Exported
    limit_seconds: float
    heard: list[Message] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    _servers: list[Server] = field(default_factory=list)
    _judged: int = 0
    _also: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)

    def start(self) -> None:
        """Start the servers and the webhook. Raises SetupError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._webhook = ThreadingHTTPServer((HOST, 0), self._handler())
        self._thread = threading.Thread(target=self._webhook.serve_forever, name="webhook")
        self._thread.start()
        self._servers.append(start_alertmanager(self.folder, self._configuration()))
        at = self.exported
        exporter = start_postgres_exporter(self.folder, at.port, at.database, at.password)
        self._servers.append(exporter)
        targets = {
            **self.targets,
            "alertmanager": self._servers[0].address,
            "postgres": exporter.address,
        }
        self._servers.append(start_prometheus(self.folder, targets))

    def stop(self) -> None:
        """End all of it."""
        processes.stop([server.child for server in self._servers], 10)
        self._webhook.shutdown()
        self._webhook.server_close()
        self._thread.join()

    def may_end(self, fault: Fault, begun: float) -> bool:
        """Return whether a fault that began then has lasted for long enough: as planned if it
        raises no alert, and else until that was told."""
        alert, lasted = EXPECTED[fault.name].alert, time.monotonic() - begun
        if not alert:
            return lasted >= fault.seconds
        told = verdicts.first_told(self.heard, alert, begun) is not None
        return told or lasted >= _PATIENCE * self.limit_seconds

    def judge(
        self, fault: Fault, begun: float, pass_while: Callable[[Callable[[], bool]], None]
    ) -> None:
        """Wait until what a fault has raised is over, and keep what is wrong, the calm time before
        it included. What may come with one fault may still come within a minute."""
        expected, ended = EXPECTED[fault.name], time.monotonic()
        deadline = ended + CLEAR_SECONDS
        pass_while(lambda: bool(verdicts.firing(self.heard)) and time.monotonic() < deadline)
        over = time.monotonic()
        earlier = [
            name
            for judged, names in self._also
            if judged > begun - _LINGER_SECONDS
            for name in names
        ]
        lingering = replace(expected, also=(*expected.also, *earlier))
        self._also.append((over, expected.also))
        new, self._judged = self.heard[self._judged :], len(self.heard)
        self.findings += verdicts.complaints(fault.name, lingering, new, begun, self.limit_seconds)
        self.findings += [
            f"{fault.name}: not over {CLEAR_SECONDS:.0f} s after its end: {labels}"
            for labels in verdicts.firing(self.heard)
        ]
        told = verdicts.first_told(new, expected.alert, begun)
        if told is not None:
            say(
                f"alert: {fault.name}: {expected.alert} told after {told - begun:.0f} s, "
                f"over {over - ended:.0f} s after the end"
            )

    def _configuration(self) -> Path:
        (self.folder / "webhook_url").write_text(
            f"http://{HOST}:{self._webhook.server_port}/", encoding="utf-8"
        )
        settings = Settings(
            receivers=("webhook",),
            email_to="",
            email_from="",
            smtp_server="",
            smtp_user="",
            telegram_chat=0,
            secrets_dir=self.folder,
            given=frozenset({"webhook_url"}),
        )
        file = self.folder / "alertmanager.json"
        file.write_text(json.dumps(configuration(settings)), encoding="utf-8")
        return file

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                heard.extend(verdicts.messages(body, time.monotonic()))
                self.send_response(200)
                self.send_header("Content-Length", str(len(_ANSWER)))
                self.end_headers()
                self.wfile.write(_ANSWER)

            def log_message(self, *_: object) -> None:
                """Say nothing: what came is kept."""

        return Handler
