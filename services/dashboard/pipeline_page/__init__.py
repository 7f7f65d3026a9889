"""How the pipeline has run: metrics of the services in, charts over time out."""
