"""Alpha Vantage → Kafka: fetches bars within the plan's limits and publishes what is new."""
