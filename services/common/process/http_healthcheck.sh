#!/bin/bash
# Healthy: what is served at each of these ports and paths of one's own answers with the status.
# http_healthcheck.sh STATUS PORT/PATH...; out: exit code 0 or 1. Containers ask every few seconds:
# a Python that starts for each look costs ten times as much.
set -euo pipefail
for page in "${@:2}"; do
    port=${page%%/*}
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /%s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "${page#*/}" "$port" >&3
    read -r -t 4 answer <&3
    [[ $answer == HTTP/1.[01]\ $1\ * ]]
done
