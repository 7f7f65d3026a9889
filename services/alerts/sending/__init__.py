"""Takes messages to their receivers."""
