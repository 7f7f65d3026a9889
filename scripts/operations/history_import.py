"""`fab import`: files of bars into the database of a target, by the stream's own container.

On a host they are sent there first, as one archive, so that names, folders and times of
modification stay: these tell what a file is and when it was downloaded. On this machine, and of
files that lie on the host already, the container sees the folders as they are, and only reads them.
"""

from __future__ import annotations

import glob
import shlex
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.target import Target

MOUNT = "/history"
"""Where the container sees the files."""
_MIB = 1024**2


def run(operation: Operation, files: str, options: str, there: bool) -> int:
    """Import files, told in a person's terminal; return the import's exit code.

    Raises OperationError.
    """
    words = _words(files, "the files")
    told = _words(options, "--options") if options else []
    with _folder(operation, words, there) as (folder, names):
        code = operation.shell.show(command(operation.target, folder, [*told, *names]))
    if "--dry-run" not in told:
        operation.record(f"import {files} {options}".strip(), f"ended with {code}")
    return code


def command(target: Target, folder: str, words: Sequence[str]) -> str:
    """Return the command that imports files below a folder of the target."""
    container = ("run", "--rm", "--no-deps", "--no-TTY", "--env", "SPARK_MASTER=local[1]")
    mounted = ("--volume", f"{folder}:{MOUNT}:ro", "stream")
    return target.compose(*container, *mounted, "python", "-m", "services.stream.importing", *words)


@contextmanager
def _folder(
    operation: Operation, words: Sequence[str], there: bool
) -> Iterator[tuple[str, list[str]]]:
    """Yield a folder of the target that holds the files, and their names in the container."""
    if there and not operation.target.is_remote:
        raise OperationError("--there is for files on a host: say which, --stack NAME")
    if there:
        if not all(word.startswith("/") for word in words):
            raise OperationError("--there: name each file by its whole path on the host")
        yield _mounted([Path(word) for word in words])
        return
    paths = _found(words)
    if not operation.target.is_remote:
        yield _mounted(paths)
        return
    folder = f"{operation.target.state}/import-{operation.stamp}"
    try:
        _send(operation, paths, folder)
        yield folder, [f"{MOUNT}{path}" for path in paths]
    finally:
        operation.run(f"rm -rf {shlex.quote(folder)} {shlex.quote(folder)}.tar")


def _mounted(paths: Sequence[Path]) -> tuple[str, list[str]]:
    """Return the nearest folder that holds all paths, and their names in the container."""
    # Names of folders tell what LEAN's files are: four of them above a file stay seen.
    above = [path.parents[max(0, min(4, len(path.parents) - 2))] for path in paths]
    shared = next(each for each in (above[0], *above[0].parents) if _holds(each, paths))
    if shared == shared.parent:
        raise OperationError(f"{paths[0]} and {paths[-1]}: import files of one folder at a time")
    return str(shared), [f"{MOUNT}/{path.relative_to(shared)}" for path in paths]


def _holds(folder: Path, paths: Sequence[Path]) -> bool:
    return all(path.is_relative_to(folder) for path in paths)


def _found(words: Sequence[str]) -> list[Path]:
    paths = []
    for word in words:
        found = sorted(glob.glob(word)) or [word]  # noqa: PTH207 - a word may be a whole path
        paths += [Path(each).resolve() for each in found]
    for path in paths:
        if not path.exists():
            raise OperationError(f"{path} is no file and no folder")
    return paths


def _send(operation: Operation, paths: Sequence[Path], folder: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        with tarfile.open(file.name, "w") as archive:
            for path in paths:
                archive.add(path)
        size = Path(file.name).stat().st_size
        operation.say(f"sending {size / _MIB:.1f} MiB to {operation.target.name}")
        operation.shell.send(Path(file.name), f"{folder}.tar")
    inside = shlex.quote(folder)
    # The container's user is another one, and needs to read them alone.
    operation.run(
        f"mkdir -p {inside} && tar -x -f {inside}.tar -C {inside} --no-same-owner"
        f" && chmod -R u+rwX,go+rX {inside} && rm {inside}.tar"
    )


def _words(text: str, what: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise OperationError(f"{what}: {error}") from None
    if not words:
        raise OperationError(f"name {what}")
    return words
