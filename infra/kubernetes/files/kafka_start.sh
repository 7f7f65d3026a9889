#!/bin/sh
# Becomes one broker of several: as services/kafka/entrypoint.sh, with the number, the name and the
# zone of this pod, and with the cluster's identity, which all of them must have.
set -eu
properties=/tmp/server.properties
cp /run/kafka/server.properties "$properties"
{
    echo "node.id=${POD_NAME##*-}"
    echo "advertised.listeners=BROKER://$ADVERTISED:9092"
    [ -z "$ZONE" ] || echo "broker.rack=$ZONE"
} >> "$properties"
java="java -Dlog4j2.configurationFile=/app/services/kafka/log4j2.properties -XX:+UseSerialGC"
export CLASSPATH='/opt/kafka/*' # Java itself takes the star for all jars
if [ ! -e /var/lib/kafka/segments/meta.properties ]; then
    # shellcheck disable=SC2086 # several words on purpose
    $java -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format \
        --config "$properties" "--cluster-id=$CLUSTER_ID"
fi
# shellcheck disable=SC2086
exec $java -XX:MaxRAMPercentage=50 $KAFKA_JAVA_OPTIONS kafka.Kafka "$properties"
