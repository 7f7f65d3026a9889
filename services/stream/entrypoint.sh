#!/bin/bash
# Becomes Spark's master, a Spark worker, or the driver (or a tool beside it, given as a command).
# The secret of Spark's RPC reaches Java in a file of the container's memory, for Spark takes it
# from neither a secret's file nor, without showing it, an environment or a command line.
set -euo pipefail

standby() {
    echo "$1: SPARK_MASTER is $SPARK_MASTER, so $1 is not needed; standing by"
    touch /tmp/standby
    exec sleep infinity
}

own_address() { # the address of this container on the network that the master is on
    python - <<'PYTHON'
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    probe.connect(("spark-master", 7077))
    print(probe.getsockname()[0])
PYTHON
}

if [[ ${1:-} == spark-* && $SPARK_MASTER == local* ]]; then
    standby "$1"
fi
umask 0077
mkdir -p /tmp/spark
{
    echo "spark.authenticate true"
    echo "spark.authenticate.secret $(cat /run/tapeline/spark_secret)"
    echo "spark.network.crypto.enabled true"
    echo "spark.master.rest.enabled false"
    if [[ $SPARK_MASTER != local* ]]; then
        echo "spark.executor.memory $SPARK_EXECUTOR_MEMORY"
        # A master that was restarted knows its applications again.
        echo "spark.deploy.recoveryMode FILESYSTEM"
        echo "spark.deploy.recoveryDirectory /var/lib/tapeline/recovery"
        echo "spark.deploy.recoveryTimeout 15"
        if [[ ${1:-} != spark-master ]]; then
            address=$(own_address)
            # The port is any: to a driver at an address that it knows of old, the master says yes
            # and gives no executor.
            echo "spark.driver.host $address"
            echo "spark.driver.bindAddress $address"
            export SPARK_LOCAL_IP=$address # Spark's pages are on that network alone
        fi
    fi
} > /tmp/spark/spark.conf
# Master and worker only hand out work: to optimize them would cost more than it saves.
export SPARK_DAEMON_JAVA_OPTS="-XX:TieredStopAtLevel=1 \
-XX:SharedArchiveFile=$SPARK_CLASS_ARCHIVE -Xlog:cds=off \
-XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 \
-Dlog4j2.configurationFile=file:/app/services/stream/spark/log4j2.properties"

case ${1:-} in
    spark-master)
        mkdir -p /var/lib/tapeline/recovery
        export SPARK_DAEMON_MEMORY=256m
        exec "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.master.Master \
            --host spark-master --port 7077 --webui-port 8080 --properties-file /tmp/spark/spark.conf
        ;;
    spark-worker)
        export SPARK_DAEMON_MEMORY=192m SPARK_WORKER_DIR=/tmp/spark/work
        # The port is any here as well: a master that comes back greets the worker that it knew at
        # an address, and a new one there would believe that it is known.
        exec "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.worker.Worker \
            --host "$address" --port 0 --webui-port 8081 --properties-file /tmp/spark/spark.conf \
            --cores "$SPARK_WORKER_CORES" --memory "$SPARK_WORKER_MEMORY" \
            "$SPARK_MASTER"
        ;;
    "")
        exec python -m services.stream.main
        ;;
    *)
        exec "$@"
        ;;
esac
