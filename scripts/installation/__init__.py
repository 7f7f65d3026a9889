"""Brings what is missing: Java, Python packages, jars, web packages, a browser."""
