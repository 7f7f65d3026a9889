"""Tells people and programs what rules find in the stored bars: PostgreSQL in, messages out."""
