"""The semantic model: its tables, relationships and measures, and the TMDL they make."""
