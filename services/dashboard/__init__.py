"""PostgreSQL → browser: the live page, and the data as JSON, CSV and Parquet."""
