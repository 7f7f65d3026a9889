#!/bin/bash
# Healthy: who comes without TLS is sent to the name, and TLS has somebody who listens.
set -euo pipefail
exec 3<>/dev/tcp/127.0.0.1/8080
printf 'GET / HTTP/1.0\r\nHost: %s\r\n\r\n' "$DASHBOARD_DOMAIN" >&3
read -r -t 4 answer <&3
[[ $answer == *" 308 "* ]]
exec 3<>/dev/tcp/127.0.0.1/8443
