"""The options of scripts/sbom and scripts/audit. Standard library only: --help needs no set-up."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from scripts.launcher.paths import CACHE

OSV_URL = "https://api.osv.dev"
"""The advisory database of the Open Source Vulnerabilities project."""
FOUND, USAGE, NOT_COMPARED = 1, 2, 3
"""The exit codes of scripts/audit beside 0."""


def parse_sbom(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of scripts/sbom: `out`, a folder, and `image`, names."""
    parser = argparse.ArgumentParser(
        prog="scripts/sbom",
        description="Write what the lock files name as bills of materials (CycloneDX 1.6, JSON): "
        "python.cdx.json, npm.cdx.json and maven.cdx.json, with versions, hashes, and the "
        "licences that the locks or the installed packages tell. The same locks and the same "
        "packages give the same files, byte by byte. Sets everything up first.",
    )
    parser.add_argument(
        "--out", type=Path, default=CACHE / "sbom", help="the folder to write to (.cache/sbom)"
    )
    parser.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="NAME",
        help="also write SERVICE.cdx.json of a built image, such as tapeline/producer:0.1.0: its "
        "packages of Debian and of Python, its locked jars; can be given several times",
    )
    return parser.parse_args(arguments)


def parse_audit(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of scripts/audit: `url` and `timeout_seconds`."""
    parser = argparse.ArgumentParser(
        prog="scripts/audit",
        description="Ask an advisory database (OSV) for known weaknesses of every package that "
        "the lock files name. Only names and versions are sent. Nothing is installed for it.",
        epilog=f"exit code: 0 nothing is known, {FOUND} weaknesses are known, {USAGE} wrong "
        f"options, {NOT_COMPARED} nothing was compared: the database was out of reach or "
        "answered with an error. environment: HTTPS_PROXY, SSL_CERT_FILE",
    )
    parser.add_argument(
        "--url", default=OSV_URL, help=f"the address of OSV, or of a mirror ({OSV_URL})"
    )
    parser.add_argument("--timeout-seconds", type=float, default=30.0, help="for each answer (30)")
    options = parser.parse_args(arguments)
    if not options.url.startswith(("http://", "https://")):
        parser.error(f"--url is {options.url!r}; it must begin with https:// or http://")
    if not options.timeout_seconds > 0:
        parser.error("--timeout-seconds must be more than 0")
    return options
