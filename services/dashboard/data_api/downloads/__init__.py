"""Bars of a whole range without pages: queries in, one stream of Arrow, Parquet or CSV out."""
