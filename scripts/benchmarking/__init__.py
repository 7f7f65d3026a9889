"""Measures the pipeline beside plain COPY and beside its peers."""
