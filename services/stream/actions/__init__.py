"""Corporate actions: what is in a record, and how one is merged into the table."""
