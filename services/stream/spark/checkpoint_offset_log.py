"""Reads the offset range of a micro-batch from Spark's own offset log in the checkpoint.

Spark writes the log before it hands a batch to the sink, so the sink knows the batch's exact
range, empty partitions included, without another pass over the data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from services.stream.sink.offset_ledger import OffsetRange


class CheckpointError(Exception):
    """The checkpoint cannot be read; the message says which file."""


def parse_offset_log(text: str, topic: str) -> dict[int, int]:
    """Return the end offset per partition of `topic` out of an offset log's text.

    The log has a version line, a metadata line, and one line of JSON for each source. Raises
    CheckpointError.
    """
    try:
        version, _, source = text.strip().split("\n")
        if version != "v1":
            raise CheckpointError(f"the offset log is of version {version!r}, not v1")
        return {int(partition): end for partition, end in json.loads(source)[topic].items()}
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise CheckpointError(f"the offset log holds {text[:80]!r}: {error}") from error


def batch_ranges(starts: Mapping[int, int], ends: Mapping[int, int]) -> dict[int, OffsetRange]:
    """Return what lies between two logs; a partition that is new begins at 0."""
    return {
        partition: OffsetRange(starts.get(partition, 0), until) for partition, until in ends.items()
    }


def parse_initial_offsets(text: str, topic: str) -> dict[int, int]:
    """Return the offsets at which a query first began, out of its `sources/0/0` file.

    The file has a zero byte, a version line and one line of JSON. Raises CheckpointError.
    """
    return parse_offset_log(text.lstrip("\0").replace("v1\n", "v1\n\n", 1), topic)
