"""What the page asks for: series, charts, the state of the pipeline."""
