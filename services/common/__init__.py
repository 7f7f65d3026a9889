"""The vocabulary that every service shares. Imports nothing outside the standard library."""
