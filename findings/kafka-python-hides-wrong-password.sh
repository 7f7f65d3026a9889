#!/bin/sh
# kafka-python 3.0.12, Kafka 4.3.1 as a real broker (Python 3.11, Java 17, Linux), 2026-11-30:
# A wrong SCRAM password is not told. The broker answers at once that the login failed, and the
# client goes on trying until bootstrap_timeout_ms (30 s unless set) and raises the error of a broker
# that is away, whose text names the address alone. Who wants to tell a wrong password from a wrong
# address must look at the connection by other means.
# Seen:
#   KafkaProducer, right password: connected
#   KafkaAdminClient, right password: connected
#   KafkaProducer, wrong password: KafkaTimeoutError after bootstrap_timeout_ms, authentication not named
#   KafkaAdminClient, wrong password: KafkaTimeoutError after bootstrap_timeout_ms, authentication not named
# Needs java in the path. Exits with 1 if that has changed.
set -eu
folder=$(mktemp -d)
broker=
end() {
    # It ends by the signal: the status of that is no failure.
    if [ -n "$broker" ] && kill "$broker" && wait "$broker"; then broker=; fi
    rm -rf "$folder"
}
trap end EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kafka-python==3.0.12
mkdir "$folder/jars"
while read -r path; do
    version=${path##*/}
    name=${path%/*}
    name=${name##*/}
    curl -fsS -o "$folder/jars/$name-$version.jar" \
        "https://repo1.maven.org/maven2/$path/$name-$version.jar"
done <<END
at/yawk/lz4/lz4-java/1.10.2
com/dynatrace/hash4j/hash4j/0.22.0
com/fasterxml/jackson/core/jackson-annotations/2.21
com/fasterxml/jackson/core/jackson-core/2.21.2
com/fasterxml/jackson/core/jackson-databind/2.21.2
com/fasterxml/jackson/dataformat/jackson-dataformat-csv/2.21.2
com/fasterxml/jackson/dataformat/jackson-dataformat-yaml/2.21.2
com/fasterxml/jackson/datatype/jackson-datatype-jdk8/2.21.2
com/github/ben-manes/caffeine/caffeine/3.2.0
com/github/luben/zstd-jni/1.5.6-10
com/google/re2j/re2j/1.8
com/typesafe/scala-logging/scala-logging_2.13/3.9.6
com/yammer/metrics/metrics-core/2.2.0
commons-beanutils/commons-beanutils/1.11.0
commons-collections/commons-collections/3.2.2
commons-digester/commons-digester/2.1
commons-logging/commons-logging/1.3.5
commons-validator/commons-validator/1.10.1
net/sf/jopt-simple/jopt-simple/5.0.4
net/sourceforge/argparse4j/argparse4j/0.7.0
org/apache/kafka/kafka-clients/4.3.1
org/apache/kafka/kafka-coordinator-common/4.3.1
org/apache/kafka/kafka-group-coordinator/4.3.1
org/apache/kafka/kafka-group-coordinator-api/4.3.1
org/apache/kafka/kafka-metadata/4.3.1
org/apache/kafka/kafka-raft/4.3.1
org/apache/kafka/kafka-server/4.3.1
org/apache/kafka/kafka-server-common/4.3.1
org/apache/kafka/kafka-share-coordinator/4.3.1
org/apache/kafka/kafka-storage/4.3.1
org/apache/kafka/kafka-storage-api/4.3.1
org/apache/kafka/kafka-tools-api/4.3.1
org/apache/kafka/kafka-transaction-coordinator/4.3.1
org/apache/kafka/kafka_2.13/4.3.1
org/apache/logging/log4j/log4j-api/2.25.4
org/apache/logging/log4j/log4j-core/2.25.4
org/apache/logging/log4j/log4j-slf4j-impl/2.25.4
org/bitbucket/b_c/jose4j/0.9.6
org/hdrhistogram/HdrHistogram/2.2.2
org/jspecify/jspecify/1.0.0
org/pcollections/pcollections/4.0.2
org/scala-lang/scala-library/2.13.18
org/scala-lang/scala-reflect/2.13.18
org/slf4j/slf4j-api/1.7.36
org/xerial/snappy/snappy-java/1.1.10.7
org/yaml/snakeyaml/2.5
END
cat > "$folder/free.py" <<'END'
import socket

held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(each.getsockname()[1] for each in held))
END
python3 "$folder/free.py" > "$folder/ports"
read -r port controller clients < "$folder/ports"
cat > "$folder/server.properties" <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=BROKER://127.0.0.1:$port,CLIENT://127.0.0.1:$clients,CONTROLLER://127.0.0.1:$controller
listener.security.protocol.map=BROKER:PLAINTEXT,CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs=$folder/segments
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
END
export CLASSPATH="$folder/jars/*"
java kafka.tools.StorageTool format --config "$folder/server.properties" \
    --cluster-id AAAAAAAAAAAAAAAAAAAAAA --add-scram 'SCRAM-SHA-512=[name=ann,password=right]' > "$folder/log" 2>&1
java kafka.Kafka "$folder/server.properties" >> "$folder/log" 2>&1 &
broker=$!
cat > "$folder/look.py" <<'END'
import sys
import time

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

own, clients = sys.argv[1:]
until = time.monotonic() + 120
while True:
    try:
        KafkaAdminClient(bootstrap_servers=own).close()
        break
    except KafkaError:
        if time.monotonic() > until:
            raise
        time.sleep(0.5)
for password in ("right", "wrong"):
    for client in (KafkaProducer, KafkaAdminClient):
        begun = time.monotonic()
        try:
            client(
                bootstrap_servers=clients, security_protocol="SASL_PLAINTEXT",
                sasl_mechanism="SCRAM-SHA-512", sasl_plain_username="ann",
                sasl_plain_password=password, bootstrap_timeout_ms=10_000,
            ).close()
            became = "connected"
        except KafkaError as error:
            named = "uthenticat" in f"{error} {error.__cause__}"
            when = "at once" if time.monotonic() - begun < 5 else "after bootstrap_timeout_ms"
            became = f"{type(error).__name__} {when}, authentication {'named' if named else 'not named'}"
            print(repr(error), file=sys.stderr)
        print(f"{client.__name__}, {password} password: {became}")
END
"$folder/venv/bin/python" "$folder/look.py" "127.0.0.1:$port" "127.0.0.1:$clients" | tee "$folder/found"
printf '%s\n' \
    "KafkaProducer, right password: connected" \
    "KafkaAdminClient, right password: connected" \
    "KafkaProducer, wrong password: KafkaTimeoutError after bootstrap_timeout_ms, authentication not named" \
    "KafkaAdminClient, wrong password: KafkaTimeoutError after bootstrap_timeout_ms, authentication not named" |
    cmp - "$folder/found"
