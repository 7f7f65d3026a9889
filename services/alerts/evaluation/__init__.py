"""What rules find in bars. Pure."""
