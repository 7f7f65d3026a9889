"""Stand-ins for the clouds: what they are asked for in, what they would give out; and a VM."""
