"""Accounts for every record of Kafka in PostgreSQL."""
