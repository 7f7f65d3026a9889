"""What the views must show, computed another way."""
