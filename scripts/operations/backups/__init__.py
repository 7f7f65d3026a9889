"""Backups, restores, and the way to the next PostgreSQL."""
