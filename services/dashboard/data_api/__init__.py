"""Tables out as JSON, CSV and Parquet, a page at a time."""
