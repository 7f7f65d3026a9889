"""A Kafka cluster as every service connects to it: where, how secured, and why it may not work."""
