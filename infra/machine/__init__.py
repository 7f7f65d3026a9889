"""What a machine is made of: its host, keys, passwords, firewall and first boot."""
