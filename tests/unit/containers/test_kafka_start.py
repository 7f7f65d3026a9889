"""The broker's container: where another Kafka is used it is healthy, and starts none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from scripts.launcher.paths import ROOT

SERVICE = ROOT / "services" / "kafka"


def test_it_stands_by_where_another_kafka_is_used(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "KAFKA_BOOTSTRAP": "b-1.example.org:9096",
        "STANDBY_FILE": str(tmp_path / "standby"),
    }
    healthy = [SERVICE / "healthcheck.sh"]
    with subprocess.Popen(
        [SERVICE / "entrypoint.sh"], env=environment, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        said = started.stdout.readline()
        while not (tmp_path / "standby").exists():
            assert started.poll() is None
        standing_by = subprocess.run(healthy, env=environment, check=False).returncode
        started.kill()
    assert said == (
        "kafka: KAFKA_BOOTSTRAP is b-1.example.org:9096, so this broker is not needed; standing "
        "by\n"
    )
    assert standing_by == 0
