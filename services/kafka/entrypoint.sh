#!/bin/sh
# Prepares the volume if it is a new one, then becomes the broker. Half of the container's memory
# is the heap; the page cache, which Kafka lives on, takes what is left.
set -eu
here=$(dirname "$0")
java="java -Dlog4j2.configurationFile=$here/log4j2.properties -XX:+UseSerialGC"
export CLASSPATH='/opt/kafka/*' # Java itself takes the star for all jars
if [ ! -e /var/lib/kafka/segments/meta.properties ]; then
    id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
    # shellcheck disable=SC2086 # several words on purpose
    $java -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format \
        --config "$here/server.properties" "--cluster-id=$id"
fi
# shellcheck disable=SC2086
exec $java -XX:MaxRAMPercentage=50 ${KAFKA_JAVA_OPTIONS:-} kafka.Kafka "$here/server.properties"
