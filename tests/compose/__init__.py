"""The platform in containers, started, attacked and compared for real."""
