"""Metrics in Prometheus's text form in, the samples of some metrics out. The only importer of its
client."""

from __future__ import annotations

from collections.abc import Collection

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

__all__ = ["Sample", "samples"]


def samples(text: str, names: Collection[str]) -> list[Sample]:
    """Return the samples of these names. Raises ValueError if a line of theirs is no sample."""
    # Most of a producer's text is a line for each of its thousands of series, which nobody needs.
    wanted = "\n".join(line for line in text.splitlines() if line.startswith(tuple(names)))
    families = text_string_to_metric_families(f"{wanted}\n")
    return [one for family in families for one in family.samples if one.name in names]
