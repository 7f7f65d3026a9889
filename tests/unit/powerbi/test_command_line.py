"""The command line of the kit."""

from __future__ import annotations

from pathlib import Path

import pytest

from powerbi.__main__ import host_and_port, main
from powerbi.doctor.findings import Finding, fault
from powerbi.doctor.messages import told
from powerbi.kit import Request, kit_files
from powerbi.model.power_query import Address
from powerbi.model.storage import Storage


def test_build_writes_the_kit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "kit"
    arguments = ["build", "--host", "db.example.org:6432", "--symbol", "TSLA", "--out", str(out)]

    assert main(arguments) == 0

    files = kit_files(Request(Address("db.example.org", 6432), symbol="TSLA"))
    assert capsys.readouterr().out == f"{len(files)} files in {out}; begin with {out}/README.md\n"
    assert {path: (out / path).read_text("utf-8") for path in files} == files


@pytest.mark.parametrize(
    ("words", "storage"),
    [
        (["--mode", "import", "--import-days", "7"], Storage("import", import_days=7)),
        (["--mode", "hybrid", "--history-months", "6"], Storage("hybrid", history_months=6)),
    ],
)
def test_build_imports_what_it_is_told(
    words: list[str], storage: Storage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "kit"
    assert main(["build", "--host", "db.example.org", "--out", str(out), *words]) == 0
    files = kit_files(Request(Address("db.example.org"), storage=storage))
    assert {path: (out / path).read_text("utf-8") for path in files} == files
    assert capsys.readouterr().err == ""


def test_build_refuses_a_foreign_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter").touch()
    assert main(["build", "--host", "db.example.org", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"python -m powerbi build: {tmp_path} is not empty, and not a kit; "
        "name a new or an empty folder\n"
    )


def test_build_refuses_a_file_that_is_no_authority(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ca = tmp_path / "ca.crt"
    ca.write_text("nonsense", "utf-8")
    kit = tmp_path / "kit"
    assert main(["build", "--host", "db.example.org", "--ca", str(ca), "--out", str(kit)]) == 1
    assert "must hold one certificate in PEM form" in capsys.readouterr().err
    assert not kit.exists()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("db.example.org", ("db.example.org", 5432)),
        ("db.example.org:6432", ("db.example.org", 6432)),
        ("[2001:db8::7]:6432", ("2001:db8::7", 6432)),
        ("203.0.113.7", ("203.0.113.7", 5432)),
    ],
)
def test_hosts_come_with_or_without_a_port(text: str, parts: tuple[str, int]) -> None:
    assert host_and_port(text) == parts


@pytest.mark.parametrize(
    "arguments",
    [
        ["--host", "postgresql://db"],
        ["--host", "db:0"],
        ["--host", "db:70000"],
        ["--host", 'db"'],
        ["--host", "db", "--symbol", "A'B"],
        ["--host", "db", "--database", 'x" meta'],
        ["--host", "db", "--mode", "dual"],
        ["--host", "db", "--import-days", "0"],
    ],
)
def test_what_would_break_a_file_is_refused(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["build", *arguments, "--out", str(tmp_path / "kit")])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: ")
    assert not (tmp_path / "kit").exists()


@pytest.mark.parametrize("command", ["build", "doctor"])
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "examples:\n" in capsys.readouterr().out


def test_findings_are_told_in_lines() -> None:
    assert told(Finding("ok", "TLS", "TLSv1.2")) == "ok    TLS: TLSv1.2\n"
    assert told(fault("host unknown", "db")) == (
        "FAULT host unknown: db\n"
        "      Power BI shows: No such host is known\n"
        "      do: check the spelling, and the DNS record of the host\n"
    )
