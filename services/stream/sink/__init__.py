"""Rows to PostgreSQL, exactly once in effect."""
