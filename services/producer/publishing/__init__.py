"""Answers to Kafka, each bar once, and the memory of what Kafka acknowledged."""
