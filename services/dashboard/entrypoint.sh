#!/bin/sh
# Becomes the dashboard; with secrets/dashboard/password it asks for that password. Under a domain,
# where others come in through `front`, it always asks for one: for the one that was made, then.
set -eu
password=/run/keys/password
made=/run/tapeline/dashboard_password
if [ -e "$password" ]; then
    if [ ! -r "$password" ]; then
        echo "dashboard: secrets/dashboard/password cannot be read by the container's user;" \
            "run: sudo chown 10001 secrets/dashboard/password" >&2
        exit 2
    fi
    export DASHBOARD_PASSWORD_FILE="$password"
fi
if [ -n "${DASHBOARD_DOMAIN:-}" ]; then
    # A file with nothing but white space would be no password.
    grep -q '[^[:space:]]' "$password" 2>/dev/null || export DASHBOARD_PASSWORD_FILE="$made"
    export DASHBOARD_HOST_NAMES="${DASHBOARD_HOST_NAMES:-localhost,127.0.0.1},$DASHBOARD_DOMAIN"
    # Where this name is known, there is `front` and nobody else.
    web=$(python -m services.dashboard.container_network dashboard-web)
    export DASHBOARD_TRUSTED_PROXIES="${DASHBOARD_TRUSTED_PROXIES:+$DASHBOARD_TRUSTED_PROXIES,}$web"
fi
exec python -m services.dashboard.main
