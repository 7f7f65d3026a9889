"""Tests of the stand-in for Alpha Vantage."""
