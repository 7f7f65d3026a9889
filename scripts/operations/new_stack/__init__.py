"""`fab new`: from a few answers to a running host."""
