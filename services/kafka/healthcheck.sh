#!/bin/bash
# Healthy: another broker is used, or this one answers a client's first question (ApiVersions) with no error. A question in
# Kafka's own words costs nothing; Kafka's own tools would start a Java each time.
set -euo pipefail
[ ! -e "${STANDBY_FILE:-/tmp/standby}" ] || exit 0
exec 3<>/dev/tcp/127.0.0.1/9092
# length 10; key 18, version 0; correlation 7; no client id
printf '\0\0\0\x0a\0\x12\0\0\0\0\0\x07\xff\xff' >&3
# length (any); the same correlation; error 0
answer=$(timeout 4 head -c 10 <&3 | od -An -v -tx1 | tr -d ' \n')
[[ $answer == ????????000000070000 ]]
