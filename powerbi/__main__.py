"""The command line: `python -m powerbi build` writes the kit, `python -m powerbi doctor` looks."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from powerbi import folder
from powerbi.kit import KitError, Request, kit_files
from powerbi.tmdl import Address

_BUILD = """\
Write all that an analyst needs to see the market in Power BI into a folder: the project
(Tapeline.pbip, DirectQuery on the views of schema bi), Tapeline.pbids, a script that lets Windows
trust a private authority, and a README of the first connection. No password is in it. The same
arguments write the same bytes. A folder that holds something else is refused, and so is a kit
whose files were edited since (unless --overwrite).
"""
_BUILD_EPILOG = """\
examples:
  python -m powerbi build --host db.example.org --out kit
  python -m powerbi build --host db.example.org:6432 --ca ca.crt --symbol TSLA --out kit

The host must be a name in the server's certificate: Power BI compares it, and offers an
unencrypted connection if it differs.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code (0 done, 1 refused, 2 wrong usage)."""
    parser = argparse.ArgumentParser(
        prog="python -m powerbi", description="Power BI on Tapeline: the kit, and a doctor for it."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_build(commands)
    options = parser.parse_args(arguments)
    return build(options)


def build(options: argparse.Namespace) -> int:
    """Write the kit; return the exit code."""
    try:
        ca = options.ca.read_text("utf-8") if options.ca else ""
        address = Address(options.host[0], options.host[1], options.database)
        files = kit_files(Request(address, options.user, options.symbol, options.interval, ca))
        folder.write(options.out, files, options.overwrite)
    except (KitError, folder.FolderError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"python -m powerbi build: {error}\n")
        return 1
    sys.stdout.write(f"{len(files)} files in {options.out}; begin with {options.out}/README.md\n")
    return 0


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
    add("--symbol", type=_word, default="AAPL", help="chosen at the first opening (AAPL)")
    add("--interval", type=_word, default="5min", help="chosen at the first opening (5min)")
    add("--overwrite", action="store_true", help="replace files that were edited since")


if __name__ == "__main__":
    sys.exit(main())
