"""The command line: `python -m powerbi build` writes the kit, `python -m powerbi doctor` looks."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from powerbi import folder
from powerbi.doctor.examine import examine
from powerbi.doctor.findings import Finding
from powerbi.doctor.messages import told
from powerbi.doctor.observations import Target
from powerbi.doctor.wire import trusted_authorities
from powerbi.kit import KitError, Request, kit_files
from powerbi.model.power_query import Address
from powerbi.model.storage import MODES, Storage
from services.common.market.bar import normal_symbol
from services.common.settings import Environment, SettingError

_BUILD = """\
Write all that an analyst needs to see the market in Power BI into a folder: the project
(Tapeline.pbip, on the views of schema bi), Tapeline.pbids, a script that lets Windows
trust a private authority, and a README of the first connection. No password is in it. The same
arguments write the same bytes. A folder that holds something else is refused, and so is a kit
whose files were edited since (unless --overwrite).

Modes: directquery asks the database for each visual; import holds the last --import-days; hybrid,
for Premium and Fabric capacities, imports --history-months of bars, candles and session statistics
month by month and asks for the newest month and all else.
"""
_BUILD_EPILOG = """\
examples:
  python -m powerbi build --host db.example.org --out kit
  python -m powerbi build --host db.example.org:6432 --ca ca.crt --symbol TSLA --out kit

The host must be a name in the server's certificate: Power BI compares it, and offers an
unencrypted connection if it differs.
"""
_DOCTOR = """\
Look at a PostgreSQL endpoint the way that Power BI's driver (Npgsql 4.0.17) does, and tell each
fault in the words that Power BI shows for it, with the remedy: TLS 1.2, the certificate's chain and
name, plain text refused, SCRAM-SHA-256 without channel binding, the driver's startup parameter, the
role's rights and bounds, the views of the kit, and how fast they answer. It changes nothing.
"""
_DOCTOR_EPILOG = """\
The password is POWERBI_READER_PASSWORD, or the content of the file POWERBI_READER_PASSWORD_FILE.

examples:
  POWERBI_READER_PASSWORD_FILE=secret python -m powerbi doctor db.example.org --ca ca.crt
  python -m powerbi doctor db.example.org:6432 --json

exit codes: 0 Power BI will connect, 1 a fault was found, 2 wrong usage or no password.
"""


def main(arguments: Sequence[str] | None = None, variables: Mapping[str, str] | None = None) -> int:
    """Run from the command line; return the exit code (0 done, 1 refused, 2 wrong usage)."""
    parser = argparse.ArgumentParser(
        prog="python -m powerbi", description="Power BI on Tapeline: the kit, and a doctor for it."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_build(commands)
    _add_doctor(commands)
    options = parser.parse_args(arguments)
    if options.command == "build":
        return build(options)
    return doctor(options, os.environ if variables is None else variables)


def build(options: argparse.Namespace) -> int:
    """Write the kit; return the exit code."""
    try:
        ca = options.ca.read_text("utf-8") if options.ca else ""
        address = Address(options.host[0], options.host[1], options.database)
        storage = Storage(options.mode, options.import_days, options.history_months)
        request = Request(address, options.user, options.symbol, options.interval, ca, storage)
        files = kit_files(request)
        folder.write(options.out, files, options.overwrite)
    except (KitError, folder.FolderError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"python -m powerbi build: {error}\n")
        return 1
    sys.stdout.write(f"{len(files)} files in {options.out}; begin with {options.out}/README.md\n")
    return 0


def doctor(options: argparse.Namespace, variables: Mapping[str, str]) -> int:
    """Examine an endpoint and print the findings as they come; return the exit code."""
    try:
        password = Environment(variables).secret("POWERBI_READER_PASSWORD")
        host, port = options.host
        ca_file = options.ca or trusted_authorities()
        if ca_file is None:
            raise SettingError("this machine has no file of trusted authorities; name it by --ca")
        target = Target(host, port, options.database, options.user, password, ca_file)
    except SettingError as error:
        sys.stderr.write(f"python -m powerbi doctor: {error}\n")
        return 2
    found: list[Finding] = []
    for finding in examine(target, datetime.now(UTC), options.slow_seconds):
        found.append(finding)
        if not options.json:
            sys.stdout.write(told(finding))
            sys.stdout.flush()
    if options.json:
        sys.stdout.write(json.dumps([asdict(finding) for finding in found], indent=2) + "\n")
    return 1 if any(finding.level == "fault" for finding in found) else 0


def host_and_port(text: str) -> tuple[str, int]:
    """Return the parts of HOST, HOST:PORT or [IPv6]:PORT. Raises ArgumentTypeError."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?", text)
    if found is None or not 0 < int(found[2] or 5432) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no HOST or HOST:PORT")
    return found[1].strip("[]"), int(found[2] or 5432)


def _word(text: str) -> str:
    """Refuse what would end a literal in M, JSON or a script."""
    if not re.fullmatch(r"[A-Za-z0-9._^=-]{1,63}", text):
        raise argparse.ArgumentTypeError(f"{text!r} has characters that cannot stand here")
    return text


def _count(text: str) -> int:
    """Return a number of days or months."""
    if not re.fullmatch(r"[1-9]\d{0,3}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 9999")
    return int(text)


def _symbol(text: str) -> str:
    try:
        return normal_symbol(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _add_build(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "build",
        help="write the project and the connection kit into a folder",
        description=_BUILD,
        epilog=_BUILD_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", type=host_and_port, required=True, metavar="HOST[:PORT]", help="the server")
    add("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder, or a kit")
    add("--ca", type=Path, metavar="FILE", help="certificate (PEM) of a private authority")
    add("--database", type=_word, default="market", help="default: market")
    add("--user", type=_word, default="powerbi_reader", help="default: powerbi_reader")
    add("--symbol", type=_symbol, default="AAPL", help="chosen at the first opening (AAPL)")
    add("--interval", type=_word, default="5min", help="chosen at the first opening (5min)")
    add("--mode", choices=MODES, default="directquery", help="what is imported (directquery)")
    add("--import-days", type=_count, default=30, metavar="N", help="of --mode import (30)")
    add("--history-months", type=_count, default=24, metavar="N", help="of --mode hybrid (24)")
    add("--overwrite", action="store_true", help="replace files that were edited since")


def _add_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "doctor",
        help="find out why Power BI would not connect to an endpoint",
        description=_DOCTOR,
        epilog=_DOCTOR_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("host", type=host_and_port, metavar="HOST[:PORT]", help="the server, as Power BI names it")
    add("--ca", type=_file, metavar="FILE", help="trust the authorities in it (PEM) and no others")
    add("--database", default="market", help="default: market")
    add("--user", default="powerbi_reader", help="default: powerbi_reader")
    add("--slow-seconds", type=float, default=2.0, help="a visual may take so long (2)")
    add("--json", action="store_true", help="print the findings as JSON")


def _file(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return Path(text)


if __name__ == "__main__":
    sys.exit(main())
