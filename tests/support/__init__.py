"""What only tests need: a Docker engine of their own, and Pulumi and Pebble from their modules."""
