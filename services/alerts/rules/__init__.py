"""What a rule is, and how a person writes one."""
