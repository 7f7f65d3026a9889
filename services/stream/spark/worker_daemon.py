"""Forks Spark's Python workers, each with all that it needs imported already, once for all of them.

Spark starts this module in place of its own daemon. A worker then begins at once and shares the
memory of what was imported.
"""

from __future__ import annotations

import gc
import sys

# Spark puts zips of packages first that are installed as well; out of a zip, all would be compiled
# anew at each start.
sys.path = [entry for entry in sys.path if not entry.endswith(("/pyspark.zip", "-src.zip"))]

# Arrow imports the first two at their first use, which would come after the fork.
import pandas  # noqa: E402, F401
import pyarrow.acero  # noqa: E402, F401
import pyspark.worker  # noqa: E402, F401
from pyspark.daemon import manager  # noqa: E402

import services.stream.indicators.worker  # noqa: E402
import services.stream.sink.executor_task  # noqa: E402, F401

if __name__ == "__main__":
    # What was imported is never garbage: left out of each worker's collections, which write to
    # every object that they visit, its pages stay shared.
    gc.collect()
    gc.freeze()
    manager()
