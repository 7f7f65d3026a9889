"""Quotes: what is in a record, and the newest of each symbol merged into the table."""
