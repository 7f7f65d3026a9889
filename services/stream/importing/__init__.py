"""Brings bars of files into the database, through the same sink and the same ledger as Kafka's."""
