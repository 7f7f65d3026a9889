"""One module a cloud, each with `make(plan) -> Host`; only the chosen one is imported."""
