"""A release: sent, started, judged, and taken back where it fails."""
