"""Events that need no Spark: a topic of them to PostgreSQL, exactly once in effect."""
