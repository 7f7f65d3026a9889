"""Looks into the checkpoint before Spark does, so that damage is named and not guessed at.

Spark's own errors for a cut or empty file range from clear to `next on empty iterator`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from services.stream.spark.checkpoint_offset_log import (
    CheckpointError,
    parse_initial_offsets,
    parse_offset_log,
)

ReadText = Callable[[str], str | None]
ListNames = Callable[[str], Sequence[str]]


def has_begun(read: ReadText, names: ListNames, topic: str) -> bool:
    """Return whether a query has begun here, after a look at every file it would go on from.

    `read` gives a file's text by its name in the checkpoint (None: not there), `names` the names
    in one of its folders. Raises CheckpointError naming the damaged file.
    """
    metadata = read("metadata")
    offsets, commits = _numbers(names("offsets")), _numbers(names("commits"))
    if metadata is None:
        if offsets or commits:
            raise CheckpointError("the checkpoint file metadata is missing")
        return False
    _check("metadata", metadata, lambda text: json.loads(text)["id"])
    if offsets:
        _check("sources/0/0", read("sources/0/0"), lambda text: parse_initial_offsets(text, topic))
        for number in offsets[-2:]:
            name = f"offsets/{number}"
            _check(name, read(name), lambda text: parse_offset_log(text, topic))
    for number in commits[-1:]:
        _check(f"commits/{number}", read(f"commits/{number}"), _parse_commit)
    return True


def _numbers(names: Sequence[str]) -> list[int]:
    return sorted(int(name) for name in names if name.isdecimal())


def _check(name: str, text: str | None, parse: Callable[[str], object]) -> None:
    if text is None:
        raise CheckpointError(f"the checkpoint file {name} is missing")
    try:
        parse(text)
    except (ValueError, KeyError, TypeError, CheckpointError) as error:
        raise CheckpointError(f"the checkpoint file {name} is damaged: {error}") from error


def _parse_commit(text: str) -> object:
    version, _, body = text.strip().partition("\n")
    if not version.startswith("v"):
        raise ValueError(f"it begins with {version[:20]!r}")
    return json.loads(body)
