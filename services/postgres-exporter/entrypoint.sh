#!/bin/sh
# Becomes the exporter of the database's own figures. Where the database is, and as whom to ask, is in
# DATA_SOURCE_URI, _USER and _PASS_FILE. No collector is on that opens a table: one that somebody has
# locked would make all figures wait.
set -eu
here=$(dirname "$0")
exec prometheus-postgres-exporter --config.file="$here/postgres_exporter.yml" \
    --extend.query-path="$here/queries.yml" \
    --no-collector.locks --no-collector.replication --no-collector.replication_slot \
    --no-collector.roles --no-collector.stat_bgwriter --no-collector.stat_user_tables \
    --no-collector.statio_user_tables --collector.long_running_transactions \
    --web.listen-address="${POSTGRES_EXPORTER_LISTEN:-:9187}"
