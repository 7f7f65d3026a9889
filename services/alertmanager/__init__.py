"""Writes Alertmanager's configuration: who is told of which alert, and by which way."""
