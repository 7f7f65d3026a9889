"""The indicators of stored bars, kept up to date beside the batches."""
