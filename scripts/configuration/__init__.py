"""Writes what is made of the declared settings: documents, Pulumi.yaml, infra's rules."""
