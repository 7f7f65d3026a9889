"""How the pipeline has run, from what was told of it."""
