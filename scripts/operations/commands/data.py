"""Commands for what is stored: replay, backups, the database itself, Power BI."""

from __future__ import annotations

from invoke.context import Context

from scripts.operations import (
    compose_commands,
    database_connection,
    history_import,
    powerbi_kit,
)
from scripts.operations import options as opt
from scripts.operations.backups import backups
from scripts.operations.cli import command, ended
from scripts.operations.errors import OperationError
from scripts.operations.operation import begin
from scripts.operations.releases import deploy as deploys


@command
def replay(
    _: Context,
    stack: opt.Stack = "",
    start: opt.Start = "",
    end: opt.End = "",
    symbol: opt.OnlySymbol = "",
    partition: opt.Partition = "",
    offsets: opt.Offsets = "",
    dry_run: opt.DryRun = False,
) -> None:
    """Read a part of Kafka again into the table, while the live job goes on."""
    options = compose_commands.replay_options(start, end, symbol, partition, offsets, dry_run)
    operation = begin(stack)
    ended(operation.shell.show(compose_commands.replay(operation.target, options)))
    if not dry_run:
        operation.record(f"replay {' '.join(options)}", "done")


@command
def import_(
    _: Context,
    files: opt.ImportFiles,
    stack: opt.Stack = "",
    options: opt.ImportOptions = "",
    there: opt.There = False,
) -> None:
    """Bring files of bars into the table, while the live job goes on."""
    ended(history_import.run(begin(stack), files, options, there))


@command
def psql(
    _: Context, stack: opt.Stack = "", query: opt.Query = "", write: opt.Write = False
) -> None:
    """Open a session with the database."""
    ended(database_connection.open_(begin(stack), write=write, query=query))


@command
def backup(_: Context, stack: opt.Stack = "") -> None:
    """Take an encrypted backup now; on a host one is taken every night."""
    print(backups.back_up(begin(stack)))


@command
def restore(_: Context, stack: opt.Stack = "", dump: opt.Dump = "", yes: opt.Yes = False) -> None:
    """Put a backup in the place of the live database, which is kept; Kafka fills up the rest."""
    operation = begin(stack)
    dump = dump or backups.newest(operation)
    if not yes and input(f"Restore {dump} on {operation.target.name}? Type yes: ") != "yes":
        raise OperationError("nothing was done")
    kept = backups.restore(operation, dump, deploys.GATE_SECONDS)
    print(f"restored; the database of before is {kept}: drop it when you are sure")


@command
def drill(_: Context, stack: opt.Stack = "") -> None:
    """Restore the newest backup beside the live database, and compare rows and sums."""
    print("\n".join(backups.drill(begin(stack))))


@command
def powerbi(
    _: Context,
    stack: opt.Stack = "",
    out: opt.OutFolder = "tapeline-powerbi",
    ca: opt.Ca = "",
    symbol: opt.FirstSymbol = "",
    interval: opt.FirstInterval = "",
    mode: opt.KitMode = "",
    overwrite: opt.Overwrite = False,
) -> None:
    """Write the Power BI project and its connection kit for this target."""
    given = {"out": out, "ca": ca, "symbol": symbol, "interval": interval, "mode": mode}
    ended(powerbi_kit.write(begin(stack), given, overwrite, powerbi_kit.builder))
