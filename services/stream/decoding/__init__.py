"""Kafka records to rows: good bars in the forms that COPY takes, the others with a reason."""
