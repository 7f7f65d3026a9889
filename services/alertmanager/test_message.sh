#!/bin/bash
# Sends a message by every way that is set, once Alertmanager is ready: test_message.sh SENTENCE.
set -euo pipefail
here=$(dirname "$0")
for _ in $(seq 60); do
    if "$here/../common/process/http_healthcheck.sh" 200 9093/-/ready 2>/dev/null; then
        # The instant makes it another one than the last: none is held back as told already.
        exec amtool --alertmanager.url=http://127.0.0.1:9093 alert add alertname=TestMessage \
            "at=$(date -u +%Y%m%dT%H%M%SZ)" severity=none \
            --end="$(date -u -d '+2 minutes' +%Y-%m-%dT%H:%M:%SZ)" \
            --annotation="summary=$1" --annotation=runbook=docs/alerts.md#testmessage
    fi
    sleep 1
done
echo "alertmanager: no message was sent, for it was not ready within a minute" >&2
exit 1
