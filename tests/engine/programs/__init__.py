"""What the engine starts to run a program of ours."""
