"""The doctor: an endpoint in, findings out, as Power BI's driver (Npgsql 4.0.17) would meet it.

`wire` speaks TLS and the start of PostgreSQL's protocol, `session` asks by SQL, `judge` turns what
they saw into findings, and `faults` holds the words for them.
"""
