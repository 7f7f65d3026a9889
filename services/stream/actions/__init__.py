"""Corporate actions from Kafka to PostgreSQL, exactly once in effect."""
