"""Kafka → Spark → PostgreSQL: decodes bars and merges each of them exactly once in effect."""
