#!/bin/sh
# Becomes the exporter of the machine's figures. The container's root lies on the same disk as all
# volumes: no folder of the host is shown to it.
set -eu
exec prometheus-node-exporter --collector.disable-defaults \
    --collector.filesystem --collector.filesystem.mount-points-include='^/$' \
    --collector.filesystem.fs-types-exclude='^$' \
    --collector.textfile --collector.textfile.directory="${NODE_EXPORTER_FILES:-/var/lib/node-exporter}" \
    --collector.meminfo --collector.timex \
    --web.listen-address="${NODE_EXPORTER_LISTEN:-:9100}"
