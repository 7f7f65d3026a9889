"""What the verbs of fabfile.py do: pure builders of commands, and the few files that run them."""
