"""A container that stands in for a VM, what Pulumi would tell of it, and the verbs run on it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.outputs import KEY_FILE_VARIABLE, OUTPUTS_FILE_VARIABLE, SECRETS
from scripts.containers import programs
from scripts.launcher.paths import ROOT
from tests.compose.stack import BASE_IMAGE, FRUGAL, run
from tests.documents import Documented
from tests.fixtures.live import wait_for

STACK = "rehearsal"
IMAGE = "tapeline-vm:rehearsal"
SUBNET, ADDRESS = "10.77.0.0/24", "10.77.0.2"
# As `cloud=local` has them: on the loopback interface, SSH at another port than sshd's own.
HERE, SSH_PORT, POSTGRES_PORT = "127.0.0.1", 2222, 5432
NAME = "market.example.org"
"""By which others in the network know the machine."""
OUTSIDE, ELSEWHERE = "10.77.0.9", "10.77.0.10"
VERB_SECONDS = 900.0
# Small, and at a pace at which no night falls on the market meanwhile.
SETTINGS = {"SPARK_MASTER": "local[2]", "SIMULATOR_SPEED": "15", **FRUGAL}
NEXT_POSTGRES, NEXT_SUITE = "18", "forky"
# What systemd and an engine within need: everything but the right to raise limits.
AS_A_MACHINE = (
    *("--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--cgroupns", "private"),
    *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
    *("--tmpfs", "/run:exec,mode=755", "--tmpfs", "/run/lock", "--stop-signal", "SIGRTMIN+3"),
)


@dataclass
class StandIn:
    """The machine, the network around it, and a person's desk with keys and stack outputs."""

    docker_host: str
    images: str
    compose_program: Path
    desk: Path
    secrets: dict[str, str]
    said: list[str] = field(default_factory=list)
    documented: Documented = field(default_factory=lambda: Documented("rehearsal"))

    def docker(self, *words: str) -> str:
        """Run `docker …` at the engine that runs the machine."""
        return run([programs.require("docker"), "--host", self.docker_host, *words])

    def create(self) -> None:
        """Make the network and the machine, its host key and the person's key in place."""
        self.remove()
        self.docker("build", "--tag", IMAGE, str(ROOT / "infra" / "local_host"))
        self.docker("network", "create", "--subnet", SUBNET, STACK)
        named = ("--name", STACK, "--hostname", STACK, "--network", STACK, "--ip", ADDRESS)
        volume = ("--volume", f"{STACK}-data:/var/lib/tapeline")
        ports = (f"{HERE}:{SSH_PORT}:22", f"{HERE}:{POSTGRES_PORT}:5432")
        published = [word for port in ports for word in ("--publish", port)]
        self.docker("create", *named, *published, *AS_A_MACHINE, *volume, IMAGE)
        for name in ("host", "person"):
            key = str(self.desk / name)
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key])
        allowed = self.desk / "authorized_keys"
        allowed.mkdir()
        (allowed / "tapeline").write_text((self.desk / "person.pub").read_text(), encoding="utf-8")
        self.docker("cp", str(self.desk / "host"), f"{STACK}:/etc/ssh/ssh_host_ed25519_key")
        self.docker("cp", str(allowed), f"{STACK}:/etc/ssh/")
        self.docker("start", STACK)
        (self.desk / "outputs.json").write_text(json.dumps(self.outputs()), encoding="utf-8")
        self.await_machine()

    def await_machine(self) -> None:
        """Wait until systemd has started everything."""
        wait_for(lambda: self._state() in {"running", "degraded"}, "systemd", 120)

    def _state(self) -> str:
        """Return how far systemd is; the command fails in every state but one."""
        docker = [programs.require("docker"), "--host", self.docker_host]
        asked = [*docker, "exec", STACK, "systemctl", "is-system-running"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def remove(self) -> None:
        """Remove what a run before has left."""
        docker = [programs.require("docker"), "--host", self.docker_host]
        for words in (
            ("rm", "--force", "--volumes", STACK),
            ("volume", "rm", "--force", f"{STACK}-data"),
            ("network", "rm", STACK),
        ):
            subprocess.run([*docker, *words], capture_output=True, check=False)

    def outputs(self) -> dict[str, Any]:
        """Return what the stack would tell."""
        kind, key, _ = (self.desk / "host.pub").read_text("utf-8").split(" ", 2)
        return {
            "stack": STACK, "cloud": "local", "address": HERE, "ssh_user": "tapeline",
            "ssh_port": SSH_PORT, "ssh_identity_file": "",
            "host_key": f"[{HERE}]:{SSH_PORT} {kind} {key}",
            "data_volume_device": "", "take_over_host": False,
            "domain": NAME, "certificate": "own-ca", "acme_email": "",
            # Not Docker's gateway, which nobody knows beforehand.
            "admin_cidrs": ["203.0.113.7/32"], "powerbi_cidrs": [], "dashboard_cidrs": [],
            "backup_target": "", "settings": SETTINGS, "build_ca": "", "data_volume_gb": 0,
            "secrets": self.secrets,
        }  # fmt: skip

    def variables(self) -> dict[str, str]:
        """Return the environment that the person types in."""
        names = ("HOME", "LANG", "XDG_CACHE_HOME", "DEBIAN_MIRROR")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        plugins = self.desk / "docker" / "cli-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        if not (plugins / "docker-compose").exists():
            (plugins / "docker-compose").symlink_to(self.compose_program)
        return kept | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DOCKER_HOST": self.docker_host,
            "DOCKER_CONFIG": str(self.desk / "docker"),
            "TAPELINE_IMAGES": self.images,
            OUTPUTS_FILE_VARIABLE: str(self.desk / "outputs.json"),
            KEY_FILE_VARIABLE: str(self.desk / "person"),
        }

    def begin(self, verb: str, *words: str) -> subprocess.Popen[str]:
        """Type a verb and do not wait."""
        return self._begin("fab", verb, "--stack", STACK, *words)

    def begin_documented(self, beginning: str, *words: str) -> subprocess.Popen[str]:
        """Type the command that the documents have, about this machine, and further words."""
        return self.begin_line(self.documented.line(beginning), *words)

    def begin_line(self, line: str, *words: str) -> subprocess.Popen[str]:
        """Type a line of the documents, about this machine, and further words."""
        return self._begin(*here(line), *words)

    def _begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            words,
            cwd=ROOT, env=self.variables(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def communicate(self, typed: subprocess.Popen[str]) -> tuple[int, str]:
        """Wait for a verb; return its exit code and all that it said."""
        said, _ = typed.communicate(timeout=VERB_SECONDS)
        return typed.returncode, said

    def end(self, typed: subprocess.Popen[str]) -> tuple[int, str]:
        """Do the same, and keep what it said."""
        code, said = self.communicate(typed)
        self.said.append(said)
        return code, said

    def fab(self, verb: str, *words: str) -> str:
        """Type a verb, which must succeed; return what it said."""
        code, said = self.end(self.begin(verb, *words))
        assert code == 0, f"fab {verb} {' '.join(words)} ended with {code}:\n{said[-6000:]}"
        return said

    def typed(self, beginning: str, *words: str) -> str:
        """Type a documented command, which must succeed; return what it said."""
        code, said = self.end(self.begin_documented(beginning, *words))
        assert code == 0, f"{beginning} {' '.join(words)} ended with {code}:\n{said[-6000:]}"
        return said

    def inside(self, script: str) -> str:
        """Run a script as root in the machine, past all of its doors."""
        return self.docker("exec", STACK, "bash", "-c", script)

    def compose(self, *words: str) -> str:
        """Run Compose in the machine."""
        words_ = " ".join(words)
        return self.inside(f"/opt/tapeline/current/scripts/operations/hosts/host-compose {words_}")

    def with_next_postgres(self) -> None:
        """Take for the machine's images those of a release with the next version of PostgreSQL.

        It comes from Debian's testing distribution; all other images stay what they are.
        """
        text = (ROOT / "services" / "postgres" / "Dockerfile").read_text("utf-8")
        update, sources = "RUN apt-get update ", "/etc/apt/sources.list.d"
        assert text.count(update) == 1
        # Signed all the same; a mirror may be behind.
        suite = f"s/^Suites: .*/Suites: {NEXT_SUITE}\\nCheck-Valid-Until: no/; /^$/,$d"
        added = f"sed '{suite}' {sources}/debian.sources > {sources}/next.sources"
        dockerfile = self.desk / "Dockerfile"
        dockerfile.write_text(text.replace(update, f"RUN {added} && apt-get update "), "utf-8")
        before, self.images = self.images, f"{self.images}-next"
        tags = ("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{before}/*")
        for image in self.docker(*tags).split():
            self.docker("tag", image, image.replace(before, self.images))
        self.docker(
            "build", "--build-arg", f"POSTGRES_MAJOR={NEXT_POSTGRES}",
            "--build-arg", f"BASE_IMAGE={BASE_IMAGE}", "--file", str(dockerfile),
            "--tag", f"{self.images}/postgres:0.1.0", str(ROOT),
        )  # fmt: skip

    def outside(self, address: str, *command: str) -> str:
        """Run a command in another container of the network, with an address of its own."""
        known = ("--add-host", f"{NAME}:{ADDRESS}", "--entrypoint", command[0])
        at = ("run", "--rm", "--network", STACK, "--ip", address, *known)
        mounted = ("--volume", f"{self.desk}:/desk:ro", "--user", "0:0")
        return self.docker(*at, *mounted, f"{self.images}/stream:0.1.0", *command[1:])


def here(line: str) -> list[str]:
    """Return the words of a documented command, with this machine's name and network."""
    named = line.replace("--stack dev", f"--stack {STACK}")
    return shlex.split(named.replace("203.0.113.7/32", f"{OUTSIDE}/32"))


def canaries() -> dict[str, str]:
    """Return secrets that are easy to find again; without a key the market is simulated."""
    made = {name: f"canary-{name.replace('_', '-')}-{os.urandom(8).hex()}" for name in SECRETS}
    return made | dict.fromkeys(
        ("alpha_vantage_key", "backup_access_key_id", "backup_secret_access_key"), ""
    )


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
