"""What the commands of fabfile.py do: pure builders of shell lines, and the files that run them."""
