"""Short scripts that work on the data the dashboard gives out."""
