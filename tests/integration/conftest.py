"""The integration suite runs against real servers; see tests/fixtures/servers.py."""
