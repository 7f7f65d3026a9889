"""The Power BI kit of a place, written by the builder's own command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from powerbi.__main__ import main
from scripts.operations import powerbi_kit
from scripts.operations.credentials import passwords
from scripts.operations.operation import Operation
from scripts.operations.target import LOCAL
from tests.unit.operations.fakes import HOST, operation, outputs

AUTHORITY = trustme.CA().cert_pem.bytes().decode()


def words_of(one: Operation, given: dict[str, str], overwrite: bool = False) -> list[str]:
    """Return the words that reach the builder."""
    found = list[str]()

    def build(words: Sequence[str]) -> int:
        found.extend(words)
        return 0

    assert powerbi_kit.write(one, given, overwrite, build) == 0
    return found


def test_the_kit_of_a_host_with_its_own_authority_holds_it(tmp_path: Path) -> None:
    one, shell, _ = operation({"show ca.crt": AUTHORITY})
    out = tmp_path / "kit"
    assert powerbi_kit.write(one, {"out": str(out), "symbol": "TSLA"}, False, main) == 0
    assert shell.ran == [passwords.show_made(HOST, "ca.crt")]
    assert (out / "ca.crt").read_text("utf-8") == AUTHORITY
    assert "db.example.org:5432" in (out / "Tapeline.pbids").read_text("utf-8")
    assert powerbi_kit.write(one, {"out": str(out), "symbol": "TSLA"}, True, main) == 0


def test_only_what_was_given_is_said() -> None:
    one, shell, _ = operation({})
    given = {"out": "kit", "ca": "my.crt", "symbol": "", "interval": "1min", "mode": "hybrid"}
    assert words_of(one, given, overwrite=True) == [
        *("build", "--host", "db.example.org", "--out", "kit", "--ca", "my.crt"),
        *("--interval", "1min", "--mode", "hybrid", "--overwrite"),
    ]
    assert shell.ran == []


@pytest.mark.parametrize("certificate", ["given", "acme"])
def test_a_certificate_of_others_needs_no_authority(certificate: str) -> None:
    one, shell, _ = operation({})
    one.outputs = replace(outputs(), certificate=certificate, domain="")
    assert words_of(one, {"out": "kit"}) == ["build", "--host", "203.0.113.7", "--out", "kit"]
    assert shell.ran == []


def test_here_the_server_is_where_it_is_published() -> None:
    one, shell, _ = operation({"cat .env": "POSTGRES_PUBLISHED=127.0.0.1:5555\n"}, LOCAL)
    assert words_of(one, {"out": "kit"})[:5] == [
        "build",
        "--host",
        "localhost:5555",
        "--out",
        "kit",
    ]
    assert shell.ran[-1] == passwords.show_made(LOCAL, "ca.crt")


def test_the_builder_is_run_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert powerbi_kit.builder(["build", "--host", "db.example.org", "--out", "kit"]) == 0
    assert (tmp_path / "kit" / "Tapeline.pbip").exists()
