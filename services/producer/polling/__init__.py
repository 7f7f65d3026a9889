"""Which series is asked for when, and what is still missing of it."""
