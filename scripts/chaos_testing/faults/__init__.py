"""The faults: planned, carried out, and taken back."""
