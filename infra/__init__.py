"""The machine: typed configuration in, a VM with its network, firewall and disk out (Pulumi)."""
