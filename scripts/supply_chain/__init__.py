"""What the project is made of: components of the lock files, SBOMs of them, known weaknesses."""
