"""The kit: the same bytes each time, and nothing in it that should not be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from powerbi.kit import KitError, Request, fingerprint, kit_files
from powerbi.model.power_query import Address
from powerbi.model.storage import MODES, Storage

ROOT = Path(__file__).parents[3]
REQUEST = Request(Address("db.example.org"))
DIGEST = (
    "import hashlib; from powerbi.kit import *; from powerbi.model.power_query import Address; "
    "files = kit_files(Request(Address('db.example.org'))); "
    "print(hashlib.sha256(repr(list(files.items())).encode()).hexdigest())"
)


def test_the_same_request_makes_the_same_bytes_in_another_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(digests) == 1


def test_the_pbids_file_names_one_source_and_no_account() -> None:
    assert json.loads(kit_files(REQUEST)["Tapeline.pbids"]) == {
        "version": "0.1",
        "connections": [
            {
                "details": {
                    "protocol": "postgresql",
                    "address": {"server": "db.example.org:5432", "database": "market"},
                },
                "options": {},
                "mode": "DirectQuery",
            }
        ],
    }


def test_the_kit_has_all_that_a_first_connection_needs() -> None:
    files = kit_files(REQUEST)
    assert {path for path in files if "/" not in path} == {
        ".gitattributes",
        ".gitignore",
        "README.md",
        "Tapeline.pbids",
        "Tapeline.pbip",
        "import-ca.ps1",
    }
    assert [*files] == sorted(files)
    for path, text in files.items():
        assert "\r" not in text, path
        assert "%%" not in text, path
        assert text.endswith("\n"), path
        assert len(path) < 130, path  # Windows allows 260 with the folder before it
    assert "powerbi_reader" in files["README.md"]
    assert files["import-ca.ps1"].isascii()


def test_the_host_stands_in_few_places() -> None:
    assert [path for path, text in kit_files(REQUEST).items() if "db.example.org" in text] == [
        "README.md",
        "Tapeline.SemanticModel/definition/expressions.tmdl",
        "Tapeline.pbids",
        "import-ca.ps1",
    ]


def test_pages_of_imported_data_do_not_ask_again() -> None:
    """Automatic page refresh is for pages with data that is asked for."""
    asking = {}
    for mode in MODES:
        files = kit_files(Request(Address("db"), storage=Storage(mode)))
        pages = [json.loads(text) for path, text in files.items() if path.endswith("/page.json")]
        asking[mode] = sum("pageRefresh" in page.get("objects", {}) for page in pages)
    assert asking == {"directquery": 8, "import": 0, "hybrid": 8}


def test_a_private_authority_comes_with_its_fingerprint() -> None:
    pem = trustme.CA().cert_pem.bytes().decode()
    files = kit_files(Request(Address("db.example.org"), ca=pem))
    assert files["ca.crt"] == pem
    assert len(fingerprint(pem)) == 64
    assert f"$Fingerprint = '{fingerprint(pem)}'" in files["import-ca.ps1"]
    assert "private authority" in files["README.md"]


@pytest.mark.parametrize("pem", ["nonsense", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_what_is_no_certificate_is_refused(pem: str) -> None:
    with pytest.raises(KitError, match="CA file"):
        fingerprint(pem)


def test_a_key_is_refused() -> None:
    issued = trustme.CA().issue_cert("db.example.org")
    both = issued.private_key_and_cert_chain_pem.bytes().decode()
    with pytest.raises(KitError, match="and no key"):
        fingerprint(both)
