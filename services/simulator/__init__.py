"""A stand-in for Alpha Vantage over HTTP: the same shapes, strings, envelopes and limits."""
