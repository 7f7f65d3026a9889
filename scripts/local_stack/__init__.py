"""The whole pipeline as plain processes of one machine, without Docker."""
