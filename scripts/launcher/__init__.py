"""What every command of scripts/ begins with. Standard library only."""
