"""The vendor: its calls, what its answers mean, and the limits of its plans."""
