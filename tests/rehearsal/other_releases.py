"""Releases beside the present one: one with the next PostgreSQL, one that does not start."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from scripts.launcher.paths import ROOT
from tests.compose.stack import BASE_IMAGE
from tests.rehearsal.docker_resources import Docker

NEXT_POSTGRES, NEXT_SUITE = "18", "forky"


def build_next_postgres(docker: Docker, images: str, folder: Path) -> str:
    """Build what the images are in the next release; return the name that they begin with.

    PostgreSQL comes from Debian's testing distribution; all other images stay what they are.
    """
    text = (ROOT / "services" / "postgres" / "Dockerfile").read_text("utf-8")
    update, sources = "RUN apt-get update ", "/etc/apt/sources.list.d"
    assert text.count(update) == 1
    # Signed all the same; a mirror may be behind.
    suite = f"s/^Suites: .*/Suites: {NEXT_SUITE}\\nCheck-Valid-Until: no/; /^$/,$d"
    added = f"sed '{suite}' {sources}/debian.sources > {sources}/next.sources"
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text(text.replace(update, f"RUN {added} && apt-get update "), "utf-8")
    following = f"{images}-next"
    tags = ("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{images}/*")
    for image in docker(*tags).split():
        docker("tag", image, image.replace(images, following))
    docker(
        "build", "--build-arg", f"POSTGRES_MAJOR={NEXT_POSTGRES}",
        "--build-arg", f"BASE_IMAGE={BASE_IMAGE}", "--file", str(dockerfile),
        "--tag", f"{following}/postgres:0.1.0", str(ROOT),
    )  # fmt: skip
    return following


def broken_commit() -> str:
    """Return a commit of its own, on no branch, whose stream ends as soon as it starts."""
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    service = "\n  stream:\n    <<: *hardened\n"
    assert text.count(service) == 1
    broken = text.replace(service, f'{service}    entrypoint: ["/bin/false"]\n')
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            **os.environ, "GIT_INDEX_FILE": f"{folder}/index",
            "GIT_AUTHOR_NAME": "rehearsal", "GIT_AUTHOR_EMAIL": "rehearsal@localhost",
            "GIT_COMMITTER_NAME": "rehearsal", "GIT_COMMITTER_EMAIL": "rehearsal@localhost",
        }  # fmt: skip

        def git(*words: str, given: str = "") -> str:
            done = subprocess.run(
                ["git", *words], cwd=ROOT, env=variables, input=given, text=True,
                capture_output=True, check=True,
            )  # fmt: skip
            return done.stdout.strip()

        git("read-tree", "HEAD")
        blob = git("hash-object", "-w", "--stdin", given=broken)
        git("update-index", "--cacheinfo", f"100644,{blob},docker-compose.yml")
        return git("commit-tree", git("write-tree"), "-p", "HEAD", "-m", "A broken release")
