"""Breaks a running pipeline at random and counts what that cost."""
