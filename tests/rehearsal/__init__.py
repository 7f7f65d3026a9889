"""The whole path to a host, tried on a container with systemd, sshd and an engine of its own."""
