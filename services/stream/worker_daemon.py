"""Forks Spark's Python workers, each with all that it needs imported already, once for all of them.

Spark starts this module in place of its own daemon. A worker then begins at once and shares the
memory of what was imported.
"""

from __future__ import annotations

# Arrow imports the first two at their first use, which would come after the fork.
import pandas  # noqa: F401
import pyarrow.acero  # noqa: F401
import pyspark.worker  # noqa: F401
from pyspark.daemon import manager

import services.stream.executor
import services.stream.indicator_rounds  # noqa: F401

if __name__ == "__main__":
    manager()
