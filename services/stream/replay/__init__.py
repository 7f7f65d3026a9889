"""Reads past offsets of Kafka again, through the same decoding and the same merge."""
