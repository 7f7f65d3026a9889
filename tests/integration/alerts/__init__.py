"""Alerts: rules, routes and receivers, judged by the real Prometheus and Alertmanager."""
