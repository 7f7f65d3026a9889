"""The documents: every command has somebody who runs it, every link leads somewhere."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.documents import DOCUMENTS, ROOT, blocks, commands

# Who runs the commands of a mark; each file takes them by `tests.documents`.
RUN_BY: Mapping[str, str] = {
    "ci": "tests/contract/test_documents.py",
    "collect": "tests/contract/test_documents.py",
    "demo": "tests/e2e/test_documented_demo.py",
    "demo-stream": "tests/e2e/test_documented_demo.py",
    "client": "tests/integration/dashboard/api/test_examples.py",
    "chaos": "tests/e2e/test_chaos.py",
    "sbom": "tests/unit/supply_chain/test_sbom.py",
    "cluster": "tests/cluster/trial.py",
    "compose": "tests/compose/stack.py",
    "rehearsal": "tests/rehearsal/stand_in.py",
    "rehearsal-tunnel": "tests/rehearsal/test_rehearsal.py",
    "operator": "tests/integration/hosts/test_operator_machine.py",
    "powerbi": "tests/integration/powerbi/test_doctor.py",
    "pulumi": "tests/engine/test_documented_settings.py",
}
NEEDS = {"advisory-database", "cloud-account", "vendor-key", "idle-machine"}
RUNNABLE = {"sh", "sql", "python"}
OTHERS = {"", "ini", "json", "yaml"}
README_BYTES = 9_000


def test_every_block_has_a_mark_that_somebody_answers_for() -> None:
    found = [*blocks()]
    assert {one.language for one in found} <= RUNNABLE | OTHERS
    runnable = [one for one in found if one.language in RUNNABLE]
    assert [one for one in runnable if not one.kind] == []
    assert {one.name for one in runnable if one.kind == "run"} == RUN_BY.keys()
    assert {one.name for one in runnable if one.kind == "needs"} == NEEDS
    assert [one for one in found if one.language in OTHERS and one.kind] == []


@pytest.mark.parametrize("mark", sorted(RUN_BY))
def test_who_runs_a_mark_takes_its_commands_from_the_documents(mark: str) -> None:
    text = (ROOT / RUN_BY[mark]).read_text("utf-8")
    assert re.search(rf'\b(commands|Documented)\(\s*"{mark}"', text), RUN_BY[mark]


def test_what_ci_runs_is_what_ci_runs() -> None:
    assert {*commands("ci")} <= {*(ROOT / ".ci" / "run").read_text("utf-8").splitlines()}


@pytest.mark.parametrize("command", commands("collect"))
def test_the_suites_are_named_as_documented(command: str) -> None:
    listed = {**os.environ, "PYTEST_ADDOPTS": "--collect-only -q -p no:cacheprovider"}
    listed.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=listed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"\d+(/\d+)? tests collected", done.stdout)


def anchor(heading: str) -> str:
    """Return the fragment that GitHub gives a heading."""
    plain = re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", ""))
    return plain.replace(" ", "-")


def anchors(file: Path) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", file.read_text("utf-8"), flags=re.M | re.S)
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.M)}


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_to_what_is_there(file: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text("utf-8")):
        if target.startswith("https://"):
            continue
        path, _, fragment = target.partition("#")
        there = (file.parent / path).resolve() if path else file
        assert there.exists(), target
        if fragment:
            assert fragment in anchors(there), target


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_path_in_a_document_is_there(file: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", file.read_text("utf-8"), flags=re.M | re.S)
    tops = {path.name for path in ROOT.iterdir()}
    named = re.findall(r"`([\w.-]+(?:/[\w.-]+)+)`", text)
    paths = [name for name in named if name.split("/")[0] in tops]
    assert [name for name in paths if not (ROOT / name).exists() and name not in MADE_BY_HAND] == []


# What a person puts there, and a placeholder.
MADE_BY_HAND = {
    "secrets/alpha_vantage_key",
    "secrets/dashboard/password",
    "secrets/kafka/ca.pem",
    "secrets/kafka/password",
    "infra/clouds/NAME.py",
}


def test_the_readme_is_short() -> None:
    assert (ROOT / "README.md").stat().st_size <= README_BYTES
