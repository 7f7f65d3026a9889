"""The servers of a local run, Kafka and PostgreSQL, and the processes beside them."""
