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
from scripts.operations.backups import rebuild as rebuilds
from scripts.operations.cli import command, ended
from scripts.operations.errors import OperationError
from scripts.operations.operation import begin, begin_there
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
def backup(_: Context, stack: opt.Stack = "", anew: opt.Anew = False) -> None:
    """Take an encrypted backup now, and have it verified; on a host one is taken every night."""
    print(backups.back_up(begin(stack), anew=anew))


@command
def restore(_: Context, stack: opt.Stack = "", time: opt.Time = "", yes: opt.Yes = False) -> None:
    """Put the database of a second in the place of the live one, which is kept; Kafka fills up."""
    operation = begin(stack)
    what = f"the database of {time}" if time else "the newest that the repository has"
    if not yes and input(f"Restore {what} on {operation.target.name}? Type yes: ") != "yes":
        raise OperationError("nothing was done")
    kept = backups.restore(operation, time, deploys.GATE_SECONDS)
    print(f"restored; the database of before is in {kept}" if kept else "restored")


@command
def rebuild(
    _: Context,
    stack: opt.Stack = "",
    time: opt.Time = "",
    passphrase: opt.Passphrase = "",
    ref: opt.Ref = "HEAD",
    images: opt.Images = "build",
    provision: opt.Provision = True,
    gate_seconds: opt.GateSeconds = deploys.GATE_SECONDS,
) -> None:
    """Take an empty host to a running pipeline from the repository of backups alone."""
    operation = begin_there(stack)
    plan = deploys.planned(operation, ref, images, provision, "", gate_seconds)
    print("\n".join(rebuilds.rebuild(operation, plan, time, passphrase)))


@command
def drill(_: Context, stack: opt.Stack = "", time: opt.Time = "") -> None:
    """Restore beside the live database, and compare rows and sums."""
    print("\n".join(backups.drill(begin(stack), time)))


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
