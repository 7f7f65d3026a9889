#!/bin/sh
# Stands by where another Kafka is used. Else it prepares the volume if it is a new one, and becomes
# the broker. Half of the container's memory is the heap; the page cache, which Kafka lives on, takes
# what is left.
set -eu
own=kafka:9092
if [ "${KAFKA_BOOTSTRAP:-$own}" != "$own" ]; then
    echo "kafka: KAFKA_BOOTSTRAP is $KAFKA_BOOTSTRAP, so this broker is not needed; standing by"
    touch "${STANDBY_FILE:-/tmp/standby}"
    exec sleep infinity
fi
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
