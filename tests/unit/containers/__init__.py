"""Unit tests of scripts/containers."""
