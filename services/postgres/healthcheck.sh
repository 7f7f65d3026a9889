#!/bin/sh
# Healthy: the server lets somebody in and answers a query.
export PGPASSFILE=/run/tapeline/pgpass PGCONNECT_TIMEOUT=4
exec psql -h /tmp -U postgres -d postgres -qAtX -c 'select 1' >/dev/null
