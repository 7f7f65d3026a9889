"""Passwords, keys and certificates, and their rotation."""
