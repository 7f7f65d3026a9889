#!/bin/sh
# Becomes Prometheus. What it keeps is bounded by time and by size.
set -eu
exec prometheus --config.file=/app/services/prometheus/prometheus.yml \
    --storage.tsdb.path=/var/lib/prometheus --storage.tsdb.retention.time="${PROMETHEUS_KEEP:-15d}" \
    --storage.tsdb.retention.size=1GB --storage.tsdb.min-block-duration=1h \
    --storage.tsdb.max-block-duration=1d --query.max-samples=5000000 --web.listen-address=:9090
