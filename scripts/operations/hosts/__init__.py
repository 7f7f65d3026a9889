"""A host: found, brought to its state, opened to networks, kept up to date."""
