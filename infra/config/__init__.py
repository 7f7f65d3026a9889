"""The stack's configuration: its keys, their checks, and the settings that they make."""
