"""Tests of the way from Alpha Vantage to Kafka."""
