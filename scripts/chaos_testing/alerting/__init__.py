"""Alerts under chaos: which fault is to raise which, and whether the message came."""
