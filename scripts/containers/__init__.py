"""Brings what containers need where it is not there: an engine, Compose, the base image."""
