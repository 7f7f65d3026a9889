"""What others drain Kafka with, each in a process of its own."""
