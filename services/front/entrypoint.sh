#!/bin/sh
# Becomes nginx for the one name of DASHBOARD_DOMAIN.
set -eu
case ${DASHBOARD_DOMAIN:-} in
    "" | *[!a-z0-9.-]*)
        echo "front: DASHBOARD_DOMAIN is '${DASHBOARD_DOMAIN:-}'; it must be the name that people" \
            "type for the dashboard, such as market.example.org" >&2
        exit 2
        ;;
esac
here=$(dirname "$0")
sed "s/@DOMAIN@/$DASHBOARD_DOMAIN/g" "$here/nginx.conf" > /tmp/nginx.conf
# Nobody is cut off; a pair that does not fit leaves the one before in force.
# shellcheck disable=SC2016 # the other script runs it, then
"$here/../common/process/run_on_file_change.sh" \
    'kill -HUP "$(cat /tmp/nginx.pid)" && echo "front: the certificate has changed"' \
    /run/tapeline/server.crt /run/tapeline/server.key &
exec nginx -e stderr -c /tmp/nginx.conf
