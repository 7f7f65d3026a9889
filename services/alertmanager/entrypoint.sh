#!/bin/sh
# Writes the configuration, becomes Alertmanager, and sends a message to whoever is told: a wrong
# address or token is found now, and not in the night in which it is needed.
set -eu
export ALERT_SECRETS_DIR=/run/keys
python3 -m services.alertmanager.main /tmp/alertmanager.yml
(/app/services/alertmanager/test_message.sh "Alerts are watched from now on." &)
exec prometheus-alertmanager --config.file=/tmp/alertmanager.yml \
    --storage.path=/var/lib/alertmanager --cluster.listen-address= --web.listen-address=:9093
