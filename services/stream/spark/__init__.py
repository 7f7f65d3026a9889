"""All that is particular to Spark: its session, checkpoint, workers and start."""
