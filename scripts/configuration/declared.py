"""The settings that no service declares: those that docker-compose.yml itself or a command reads.

The defaults of Compose's stand in docker-compose.yml alone.
"""

from __future__ import annotations

from typing import Any, Final

from services.common.settings import Choice, Flag, Integer, Number, Setting, Shape, Text

_MEMORY: Final = Shape(r"[1-9]\d{0,5}[kmg]", "an amount of memory such as 512m or 2g")
_URL: Final = Shape(r"https?://[^\s/?#@]+(/[^\s?#]*)?", "an address such as https://HOST/path")
_PROXY: Final = Shape(r"https?://[^\s/?#@]+/?", "an address such as http://HOST:3128")


def _memory(name: str, whose: str) -> Text:
    return Text(name, f"The memory of {whose}, at most.", None, _MEMORY)


OF_EVERY_STACK: Final[tuple[Setting[Any], ...]] = (
    Text(
        "COMPOSE_PROFILES",
        "What else runs, with commas in between: observe (alerts on the pipeline), alerts (on the "
        "market), the viewers spark-pages, pgadmin, kafka-ui; and front.",
        None,
        Shape(
            "observe|alerts|spark-pages|pgadmin|kafka-ui",
            "one or more of observe, alerts, spark-pages, pgadmin, kafka-ui",
            each=True,
        ),
    ),
    Choice(
        "DATA_OF_BOTH_MARKETS",
        "Bars of the simulated market and of the real one do not come into one database, unless "
        "this says: yes, keep both. Each bar is marked by its source.",
        "",
        ("yes, keep both",),
    ),
    Number(
        "SIMULATOR_SPEED",
        "How many times as fast as the real one the simulated market goes, set at its first start.",
        minimum=0.001,
        maximum=100_000.0,
    ),
    Flag(
        "INGEST_INTERNAL",
        "false: topics, producer, stream, its workers, prometheus and kafka-ui may reach other "
        "networks, as a managed Kafka in KAFKA_BOOTSTRAP needs.",
        True,
    ),
    _memory("KAFKA_MEMORY", "kafka"),
    _memory("SIMULATOR_MEMORY", "simulator"),
    _memory("PRODUCER_MEMORY", "producer"),
    _memory("POSTGRES_MEMORY", "postgres"),
    _memory("STREAM_MEMORY", "stream"),
    _memory("DASHBOARD_MEMORY", "dashboard"),
    _memory("ALERTS_MEMORY", "alerts"),
    _memory("SPARK_WORKER_LIMIT", "spark-worker"),
    Text(
        "PROMETHEUS_KEEP",
        "How long Prometheus keeps figures, up to a gigabyte, when the profile observe is on.",
        None,
        Shape(r"[1-9]\d{0,3}[hdwy]", "a span such as 15d"),
    ),
    Integer(
        "SPARK_WORKER_CORES", "The processor cores that a worker offers.", minimum=1, maximum=1_024
    ),
    Text("SPARK_WORKER_MEMORY", "The memory that a worker offers.", None, _MEMORY),
    Text("SPARK_EXECUTOR_MEMORY", "What an executor takes of it.", None, _MEMORY),
    Text("KAFKA_JAVA_OPTIONS", "More options for Kafka's Java, as SPARK_JAVA_OPTIONS."),
    Text(
        "BASE_IMAGE",
        "What every image is built from. Where no image registry can be reached, "
        "scripts/base-image makes it, and this must name it without the digest.",
        None,
        Shape(r"[a-z0-9][a-z0-9._/:-]*(@sha256:[0-9a-f]{64})?", "an image, as debian:trixie-slim"),
    ),
    Text("PIP_INDEX_URL", "The Python packages of a build, for pip.", None, _URL),
    Text("UV_INDEX_URL", "The Python packages of a build, for uv.", None, _URL),
    Text("MAVEN_REPOSITORY_URL", "The jars of a build.", None, _URL),
    Text("NPM_CONFIG_REGISTRY", "The npm packages of a build.", None, _URL),
    Text("HTTP_PROXY", "The proxy of a build for http.", None, _PROXY),
    Text("HTTPS_PROXY", "The proxy of a build for https.", None, _PROXY),
    Text("NO_PROXY", "What a build asks without the proxy."),
)
"""Those that a stack of Pulumi may give to the containers on its host."""

OF_THE_PLACE: Final[tuple[Setting[Any], ...]] = (
    Text(
        "POSTGRES_PUBLISHED",
        "Where PostgreSQL is published; the address in front of the port says to whom.",
    ),
    Text("DASHBOARD_PUBLISHED", "Where the web dashboard is published."),
    Text("KAFKA_UI_PUBLISHED", "Where kafka-ui is published, when its profile is on."),
    Text("PGADMIN_PUBLISHED", "Where pgadmin is published, when its profile is on."),
    Text("SPARK_MASTER_PUBLISHED", "Where Spark's master is, when the profile spark-pages is on."),
    Text(
        "SPARK_DRIVER_PUBLISHED",
        "Where Spark's page of the job is, with that profile and SPARK_UI.",
    ),
    Text(
        "DASHBOARD_DOMAIN",
        "The name under which others reach the dashboard with TLS, through the profile front; it "
        "asks for a password.",
    ),
    Text("FRONT_PUBLISHED", "Where front is published, with TLS."),
    Text(
        "FRONT_HTTP_PUBLISHED",
        "What sends people there and answers the certificate authority's question (ACME).",
    ),
    Text("TAPELINE_ACME", "A folder in which certbot answers that question (--webroot)."),
    Text(
        "POSTGRES_TLS_NAMES",
        "Further names in the server's certificate, such as DNS:db.example.org,IP:203.0.113.7.",
    ),
    Text(
        "POWERBI_CIDRS",
        "Who may come to PostgreSQL as powerbi_reader from beyond this machine: IPv4 networks, "
        "such as 203.0.113.0/24,198.51.100.7/32. None: nobody. POSTGRES_PUBLISHED must let them "
        "reach the port.",
    ),
    Text(
        "POWERBI_WORLD_OPEN",
        "More addresses than a /8 has are refused unless this says: yes, from anywhere",
    ),
    Text(
        "TAPELINE_GIVEN",
        "A folder with a certificate to serve (server.crt, server.key) or with first passwords "
        "(powerbi_reader_password, ...) in the place of those that are made; user 10001 must read "
        "them. By default an empty volume.",
    ),
    Text(
        "TAPELINE_METRICS",
        "A folder of figures that a host's own programs tell, NAME.prom each, for node-exporter. "
        "By default an empty volume.",
    ),
    Text(
        "BACKUP_REPOSITORY",
        "Where backups and the database's log go, encrypted: sftp://user@host/path, "
        "s3://bucket/path?region=R&endpoint=HOST, gcs://bucket/path or "
        "azure://account/container/path, with its keys in TAPELINE_GIVEN. By default the volume "
        "of TAPELINE_BACKUPS, on this machine.",
    ),
    Text("TAPELINE_BACKUPS", "A folder for backups that stay here; user 10001 must own it."),
    Text("TAPELINE_SECRETS", "The folder that holds your key as alpha_vantage_key."),
    Text("TAPELINE_IMAGES", "The images' name."),
    Text("TAPELINE_VERSION", "The images' version."),
    Text("TAPELINE_SOURCE", "Where the images' source is (a label)."),
    Text(
        "BUILD_CA_FILE",
        "A file with certificates that a build must trust, where your network has its own "
        "authority.",
    ),
)
"""Those that belong to one machine."""

OF_THE_COMMANDS: Final[tuple[Setting[Any], ...]] = (
    Text(
        "TAPELINE_STACK_OUTPUTS",
        "A file with the outputs of the stack, in the place of asking Pulumi for them.",
    ),
    Text(
        "TAPELINE_SSH_KEY",
        "The private key for the host; without it, that of your agent or of ~/.ssh.",
    ),
    Text(
        "TAPELINE_COMPOSE_PROGRAM",
        "A Compose program to bring to a host that has the distribution's engine and no Compose.",
    ),
)
