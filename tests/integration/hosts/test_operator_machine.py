"""The machine of a person who operates a host: what is installed there, and what is said before."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

import pytest

from scripts.installation.setup import ALL, TO_OPERATE, together
from tests.documents import commands
from tests.fixtures.checkout import bare_checkout, run

MOST_BYTES = 350_000_000


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout without anything that was installed."""
    return bare_checkout(tmp_path_factory.mktemp("operator"))


def disk_bytes(folder: Path) -> int:
    """Return what the files of a folder take on the disk."""
    return sum(file.lstat().st_blocks * 512 for file in folder.rglob("*"))


def test_pulumi_is_told_in_one_line_what_is_missing(checkout: Path) -> None:
    # As its language host calls the Python of `virtualenv`: version, packages, and the program.
    python = "infra/python/bin/python"
    version = f"Python {'.'.join(map(str, sys.version_info[:3]))}\n"
    assert run(checkout, python, "--version") == (0, version, "")
    assert run(checkout, python, "-m", "pip", "list", "--format", "json") == (0, "[]\n", "")
    host = ("-u", "/opt/pulumi/pulumi-language-python-exec", "--stack", "dev", str(checkout))
    settings = '{"tapeline:adminCidrs":"203.0.113.7","tapeline:cloud":"gcp","tapeline:size":"x"}'
    assert run(checkout, python, *host, PULUMI_CONFIG=settings) == (
        32,
        "",
        "Pulumi's Python packages are missing; run: scripts/setup --cloud gcp\n",
    )
    assert run(checkout, python, *host)[2] == (
        "Pulumi's Python packages are missing; run: scripts/setup --cloud NAME\n"
    )


def test_what_operates_a_host_is_small_and_enough(checkout: Path) -> None:
    code, _, said = run(checkout, "scripts/setup", "--cloud", "gcp")
    assert code == 0, said
    python = "infra/python/bin/python"
    asked = "import sys, pulumi, pulumi_gcp; print(sys.prefix)"
    assert run(checkout, python, "-c", asked) == (0, f"{checkout}/.cache/pulumi-venv\n", "")
    code, listed, said = run(checkout, ".venv/bin/fab", "--list")
    assert (code, said, "deploy" in listed) == (0, "", True)
    code, shown, _ = run(checkout, ".venv/bin/python", "-m", "powerbi", "--help")
    assert (code, "doctor" in shown) == (0, True)
    installed = {file.name for file in checkout.glob(".*/**/site-packages/*")}
    assert installed & {"pyspark", "pulumi_aws", "pulumi_azure", "pulumi_hcloud"} == set()
    assert disk_bytes(checkout / ".venv") + disk_bytes(checkout / ".cache") < MOST_BYTES


def test_a_checkout_that_was_moved_works_where_it_is(checkout: Path) -> None:
    moved = checkout.rename(checkout.with_name("moved"))
    try:
        code, listed, said = run(moved, ".venv/bin/fab", "--list")
        assert (code, said, "deploy" in listed) == (0, "", True)
    finally:
        moved.rename(checkout)


def test_a_setup_leaves_what_a_person_installed(checkout: Path) -> None:
    [packages] = checkout.glob(".venv/lib/python*/site-packages")
    own = packages / "of_a_person-1.0.dist-info"
    own.mkdir()
    (own / "METADATA").write_text("Metadata-Version: 2.1\nName: of-a-person\nVersion: 1.0\n")
    (own / "RECORD").write_text("of_a_person-1.0.dist-info/METADATA,,\n")
    (checkout / ".venv" / "tapeline-setup").write_text("of another lock\n")
    assert run(checkout, "scripts/setup", "--cloud", "gcp")[0] == 0
    assert (own / "METADATA").exists()


def test_the_sdk_of_another_cloud_takes_the_place_of_the_first(checkout: Path) -> None:
    [line] = commands("operator")
    assert run(checkout, *line.split())[0] == 0
    python = "infra/python/bin/python"
    assert run(checkout, python, "-c", "import pulumi_hcloud")[0] == 0
    assert run(checkout, python, "-c", "import pulumi_gcp")[0] == 1


@pytest.mark.parametrize(
    ("installed", "wanted", "options"),
    [
        ([], TO_OPERATE, ["--extra=operations", "--extra=powerbi"]),
        (["--extra=topics"], TO_OPERATE, [*sorted(TO_OPERATE), "--extra=topics"]),
        (["--extra=of-an-older-version", "--extra=topics"], (), ["--extra=topics"]),
        (["--all-extras", "--all-groups"], TO_OPERATE, ["--all-extras", "--all-groups"]),
        (sorted(TO_OPERATE), ALL, ["--all-extras", "--all-groups"]),
    ],
)
def test_nothing_that_is_there_is_taken_away(
    installed: list[str], wanted: Collection[str], options: list[str]
) -> None:
    assert together(installed, wanted) == options
