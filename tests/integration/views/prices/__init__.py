"""What prices mean in the views: bases, splits, and what was known when."""
