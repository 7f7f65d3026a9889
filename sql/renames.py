"""`python -m sql.renames`: tells the database which instruments were renamed, and takes it back.

Bars stored under an old name get the newest one, and so does what the stream stores from then on
(docs/prices.md). It connects as the schema's owner, which compose's service `migrate` can.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psycopg

from services.common.secret import Secret
from services.common.settings import Environment, SecretText, SettingError
from services.common.settings_help import settings_help
from services.common.shared_settings import POSTGRES_DB, POSTGRES_HOST, POSTGRES_PORT
from sql.moved_bars import OtherInstrumentError
from sql.renaming import Rename, RenameError, keep, read

MARKET_OWNER_PASSWORD: Final = SecretText(
    "MARKET_OWNER_PASSWORD", "The password of the role market_owner."
)
_HEADER: Final = ["old_symbol", "new_symbol", "renamed_on"]


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m sql.renames",
        description="Tell which instruments were renamed. All their bars then stand under the\n"
        "newest name: those stored, and those that come. Taking a rename back moves them back.\n\n"
        + settings_help(globals()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="print the renames that are known, as CSV")
    add = commands.add_parser("add", help="add one")
    for name, text in (
        ("old_symbol", "the name before"),
        ("new_symbol", "the name after; of an instrument that ended, one of its own: META-2021"),
        ("renamed_on", "the first trade date under the new name: 2022-06-09"),
    ):
        add.add_argument(name, help=text)
    remove = commands.add_parser("remove", help="take one back")
    remove.add_argument("old_symbol", help="the name before")
    remove.add_argument("renamed_on", help="the first trade date under the new name")
    load = commands.add_parser("load", help="make those of a file the only ones")
    load.add_argument("file", type=Path, help=f"CSV with the header {','.join(_HEADER)}")
    return made


def read_file(file: Path) -> list[Rename]:
    """Return the renames of a file. Raises RenameError with the number of a bad line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RenameError(f"{file}: {error}") from None
    if not rows or rows[0] != _HEADER:
        raise RenameError(f"{file}, line 1: wanted is the header {','.join(_HEADER)}")
    renames = []
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(_HEADER):
            raise RenameError(f"{file}, line {number}: wanted are {len(_HEADER)} columns")
        try:
            renames.append(Rename.parse(*row))
        except RenameError as error:
            raise RenameError(f"{file}, line {number}: {error}") from None
    return renames


def wanted(options: argparse.Namespace, known: Sequence[Rename]) -> list[Rename]:
    """Return the renames that shall be known. Raises RenameError."""
    if options.command == "load":
        return read_file(options.file)
    if options.command == "add":
        added = Rename.parse(options.old_symbol, options.new_symbol, options.renamed_on)
        return [*known, added]
    key = options.old_symbol.strip().upper(), options.renamed_on.strip()
    rest = [one for one in known if (one.old_symbol, str(one.renamed_on)) != key]
    if len(rest) == len(known):
        raise RenameError(f"no rename of {key[0]} on {key[1]} is known; see: list")
    return rest


def run(options: argparse.Namespace, owner: psycopg.Connection) -> None:
    """Do what the command line says, and print it.

    Raises RenameError, OtherInstrumentError and psycopg.Error.
    """
    if options.command == "list":
        print(",".join(_HEADER))  # noqa: T201 - the command's output
        for known in read(owner):
            print(f"{known.old_symbol},{known.new_symbol},{known.renamed_on}")  # noqa: T201 - likewise
        return
    print("renames: waiting for merges under way, then moving bars …", file=sys.stderr)  # noqa: T201 - progress
    moved = keep(owner, lambda known: wanted(options, known))
    for part in moved:
        print(f"{part.bars} bars of {part.old_symbol} are {part.new_symbol}'s now")  # noqa: T201 - the command's output
    if not moved:
        print("no stored bar has another name now")  # noqa: T201 - the command's output


def connect(password: Secret, env: Environment) -> psycopg.Connection:
    """Connect as the owner of the schema. Raises SettingError and psycopg.Error."""
    return psycopg.connect(
        host=POSTGRES_HOST.read(env),
        port=POSTGRES_PORT.read(env),
        dbname=POSTGRES_DB.read(env),
        user="market_owner",
        password=password.reveal(),
        connect_timeout=10,
    )


def main() -> int:
    """Run from the command line; return the exit code."""
    options = parser().parse_args()
    env = Environment(os.environ)
    try:
        with connect(MARKET_OWNER_PASSWORD.read(env), env) as owner:
            run(options, owner)
    except (RenameError, OtherInstrumentError, SettingError) as error:
        print(f"renames: {error}", file=sys.stderr)  # noqa: T201 - one line, not a trace
        return 2
    except psycopg.Error as error:
        print(f"renames: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201 - likewise
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
