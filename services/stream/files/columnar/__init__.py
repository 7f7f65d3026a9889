"""The fast path from files to bars: whole columns at a time. What it finds odd is the row decoder's
(`files.decode`), which knows every rule and reason."""
