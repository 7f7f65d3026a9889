"""The service alerts over a real PostgreSQL, and receivers that the tests serve."""
