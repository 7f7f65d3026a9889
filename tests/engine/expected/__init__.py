"""What each stack is expected to make, and to change when its settings do."""
