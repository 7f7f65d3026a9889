"""Unit tests of infra/clouds."""
