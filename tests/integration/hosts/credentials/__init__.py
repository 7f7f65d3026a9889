"""Secrets of a host: given, shown, rotated."""
