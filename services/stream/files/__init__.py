"""Bars in files: recognised, asked about, and decoded. Pure but for reading the file."""
