"""Passwords, keys and certificates: what is missing is made, what is there is kept."""
