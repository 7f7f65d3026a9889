"""Forks Spark's Python workers, each with all that it needs imported already, once for all of them.

Spark starts this module in place of its own daemon. A worker then begins at once and shares the
memory of what was imported.
"""

from __future__ import annotations

import pyspark.worker  # noqa: F401 - for the workers
from pyspark.daemon import manager

import services.stream.executor
import services.stream.indicator_rounds  # noqa: F401 - for the workers

if __name__ == "__main__":
    manager()
