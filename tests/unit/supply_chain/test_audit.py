"""The audit asks a server that speaks as OSV does: a hit, none, further pages, faults, silence."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from scripts.launcher.paths import ROOT
from scripts.supply_chain.audit import audit
from scripts.supply_chain.component import Component
from scripts.supply_chain.osv import BATCH, Osv

JINJA = Component("PyPI", "jinja2", "2.4.1", "uv.lock")
RUFF = Component("PyPI", "ruff", "0.17.6", "uv.lock")
# As api.osv.dev answers for jinja2, cut to what counts.
GHSA = {
    "id": "GHSA-462w-v97r-4m45",
    "summary": "High severity vulnerability that affects Jinja2",
    "aliases": ["CVE-2019-10906", "PYSEC-2019-217"],
    "modified": "2024-09-24T21:02:02.478123Z",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI", "purl": "pkg:pypi/jinja2"},
            "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]},
                {"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "a2a6c930b"}]},
            ],
        },
        {
            "package": {"name": "other", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "7"}]}],
        },
    ],
}
PYSEC = {"id": "PYSEC-2019-217", "aliases": ["CVE-2019-10906", "GHSA-462w-v97r-4m45"]}
LATER = {"id": "PYSEC-2021-66", "details": "ReDoS in urlize.\nMore words.", "affected": []}
LINE = (
    "uv.lock: jinja2 2.4.1: GHSA-462w-v97r-4m45 CVE-2019-10906 PYSEC-2019-217: "
    "High severity vulnerability that affects Jinja2; fixed in 2.10.1"
)


@dataclass
class Database:
    """The answers of /v1/querybatch in order, those of /v1/vulns by name, and what was asked."""

    url: str = ""
    status: int = 200
    answers: list[object] = field(default_factory=list)
    vulns: dict[str, object] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)

    def osv(self) -> Osv:
        return Osv(self.url, 30.0)


@pytest.fixture
def database() -> Iterator[Database]:
    known = Database()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.asked.append((self.path, json.loads(body)))
            self._answer(known.answers.pop(0))

        def do_GET(self) -> None:
            known.asked.append(self.path)
            self._answer(known.vulns[self.path.rpartition("/")[2]])

        def _answer(self, answer: object) -> None:
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(known.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        known.url = f"http://127.0.0.1:{listening.server_port}"
        yield known
        listening.shutdown()
        thread.join()


def query(component: Component, **more: str) -> dict[str, object]:
    package = {"ecosystem": component.ecosystem, "name": component.name}
    return {"package": package, "version": component.version, **more}


def test_a_weakness_with_two_names_is_told_once_with_its_fix(database: Database) -> None:
    database.vulns = {"GHSA-462w-v97r-4m45": GHSA, "PYSEC-2019-217": PYSEC}
    hits = [{"id": name, "modified": "2024-09-24T21:02:02Z"} for name in database.vulns]
    database.answers = [{"results": [{"vulns": hits}, {}]}]
    assert audit([JINJA, RUFF], database.osv()) == (
        [LINE, "1 advisories for 1 of 2 locked packages"],
        1,
    )
    assert database.asked == [
        ("/v1/querybatch", {"queries": [query(JINJA), query(RUFF)]}),
        "/v1/vulns/GHSA-462w-v97r-4m45",
        "/v1/vulns/PYSEC-2019-217",
    ]


def test_nothing_known_is_said_with_what_was_compared(database: Database) -> None:
    database.answers = [{"results": [{}, {}]}]
    lines = ["2 locked packages: no advisory is known"]
    assert audit([JINJA, RUFF], database.osv()) == (lines, 0)


def test_further_pages_are_asked_for(database: Database) -> None:
    database.vulns = {"GHSA-462w-v97r-4m45": GHSA, "PYSEC-2021-66": LATER}
    database.answers = [
        {"results": [{"vulns": [{"id": "GHSA-462w-v97r-4m45"}], "next_page_token": "t"}, {}]},
        {"results": [{"vulns": [{"id": "PYSEC-2021-66"}]}]},
    ]
    assert audit([JINJA, RUFF], database.osv()) == (
        [
            LINE,
            "uv.lock: jinja2 2.4.1: PYSEC-2021-66: ReDoS in urlize.; no fix is known",
            "2 advisories for 1 of 2 locked packages",
        ],
        1,
    )
    assert database.asked[1] == ("/v1/querybatch", {"queries": [query(JINJA, page_token="t")]})


def test_more_packages_than_a_batch_takes_go_in_several(database: Database) -> None:
    many = [Component("PyPI", f"p{number}", "1", "uv.lock") for number in range(BATCH + 1)]
    database.answers = [{"results": [{}] * BATCH}, {"results": [{}]}]
    assert audit(many, database.osv())[1] == 0
    assert [len(body["queries"]) for _, body in database.asked] == [BATCH, 1]


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>sign in</html>",
        [],
        {"results": [{}]},
        {"results": [{}, []]},
        {"results": [{}, {"vulns": [1]}]},
    ],
)
def test_an_answer_of_something_else_is_no_clean_bill(database: Database, answer: object) -> None:
    database.answers = [answer]
    lines, code = audit([JINJA, RUFF], database.osv())
    assert (lines, code) == (
        [
            f"not compared: {database.url} gave an answer that is not OSV's to /v1/querybatch; "
            "the advisories of 2 locked packages are unknown"
        ],
        3,
    )


def test_an_error_of_the_server_is_no_clean_bill(database: Database) -> None:
    database.status, database.answers = 503, [{}]
    lines, code = audit([JINJA], database.osv())
    assert code == 3
    assert lines == [
        f"not compared: {database.url} answered 503 to /v1/querybatch; "
        "the advisories of 1 locked packages are unknown"
    ]


def typed(url: str) -> subprocess.CompletedProcess[str]:
    """Type scripts/audit, on a Python that sees no package of the environment."""
    variables = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "no_proxy": "*"}
    return subprocess.run(
        [ROOT / "scripts" / "audit", "--url", url],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_says_in_one_line_that_no_database_is_reachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else can
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = typed(url)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (3, "", 1)
    assert done.stdout.startswith(f"not compared: {url} is not reachable: ")


def test_the_command_asks_for_every_locked_package(database: Database) -> None:
    database.status, database.answers = 500, [{}]
    assert typed(database.url).returncode == 3
    asked = database.asked[0][1]["queries"]
    ecosystems = {one["package"]["ecosystem"] for one in asked}
    assert ecosystems == {"PyPI", "npm", "Maven"}


def test_an_address_of_another_kind_is_refused() -> None:
    done = typed("file:///etc")
    assert (done.returncode, done.stdout) == (2, "")
    assert "it must begin with https:// or http://" in done.stderr
