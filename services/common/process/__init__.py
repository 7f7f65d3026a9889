"""What a service that runs owes whoever runs it: signals, a heartbeat, metrics, health checks."""
