"""Brings what containers need where it is not there: Compose, and the base image of all images."""
