"""A stack of `cloud=local` that a person makes at a desk: the machine and the verbs run on it."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infra.outputs import OUTPUTS_FILE_VARIABLE
from scripts.containers import programs
from scripts.launcher.paths import ROOT, VENV
from scripts.local_stack.servers.ports import free_ports
from tests.compose.stack import FRUGAL, run
from tests.documents import Documented
from tests.engine.desk import Desk
from tests.engine.engine_events import STACK, Changes
from tests.engine.trial import Trial, trial
from tests.fixtures.live import wait_for
from tests.rehearsal.docker_resources import CONTAINER, NETWORK, VOLUME, Docker, makers
from tests.rehearsal.other_releases import build_next_postgres

NAME = "market.example.org"
"""By which others in the network know the machine."""
OUTSIDE, ELSEWHERE = "outside", "elsewhere"
"""Two other machines of the network."""
VERB_SECONDS = 900.0
# Small, and at a pace at which no night falls on the market meanwhile.
SETTINGS = {"SPARK_MASTER": "local[2]", "SIMULATOR_SPEED": "15", **FRUGAL}
_DEFAULT_SSH_PORT = 2222
# The machine could build them itself, but reaches no registry from here.
_FAB = f"""\
#!/bin/sh
cd {ROOT} && exec {VENV}/bin/fab "$@" --images send
"""


@dataclass
class StandIn:
    """The machine and the network around it, and a person's desk with a key and stack outputs."""

    docker: Docker
    images: str
    compose_program: Path
    desk: Path
    stack: Trial = field(init=False)
    said: list[str] = field(default_factory=list)
    documented: Documented = field(default_factory=lambda: Documented("rehearsal"))
    noted: tuple[str, str] = ("", "")
    """When all was destroyed, and what a query said until then."""

    @contextmanager
    def made_by(self, pulumi: Path) -> Iterator[None]:
        """Have a new stack of this engine's, of which nothing is made yet; remove it at the end."""
        key = self.desk / "person"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "person", "-f", str(key)])
        checkout = Desk.with_packages(self.desk / "checkout", self.variables())
        checkout.program("fab", _FAB)
        settings = {
            "cloud": "local",
            "deploy": "true",
            # Not Docker's gateway, which nobody knows beforehand.
            "adminCidrs": "203.0.113.7/32",
            "sshPublicKey": key.with_suffix(".pub").read_text("utf-8"),
            "sshIdentityFile": str(key),
            "localSshPort": str(_free(_DEFAULT_SSH_PORT)),
        }
        folder = self.desk / "stack"
        made = makers(self.docker)
        with trial(pulumi, folder, settings, checkout, made, inline=False) as self.stack:
            self.set(**SETTINGS)
            try:
                yield
            finally:
                if os.environ.get("KEEP_REHEARSAL") != "true":
                    self.remove()

    def set(self, **settings: str) -> None:
        """Set what the containers are told, as the README does."""
        words = [f"settings.{name}={value}" for name, value in settings.items()]
        plain = [part for word in words for part in ("--plaintext", word)]
        self.stack.pulumi("config", "set-all", "--path", *plain)

    def up(self, **settings: str) -> Changes:
        """Set these too, run `pulumi up` and return what it did; keep its outputs for the verbs."""
        changes = self.stack.up(**settings)
        if "refused" not in changes:
            told = json.dumps(dataclasses.asdict(self.stack.outputs()))
            (self.desk / "outputs.json").write_text(told, encoding="utf-8")
        return changes

    @property
    def container(self) -> str:
        """Return the machine's identifier."""
        [found] = [name for kind, name in self.stack.world.kept if kind == CONTAINER]
        return found

    @property
    def data_volume(self) -> str:
        """Return the name of the volume that outlives the machine."""
        kept = self.stack.world.kept.items()
        [found] = [name for (_, name), one in kept if one.urn.endswith("-data")]
        return found

    @property
    def network(self) -> str:
        """Return the name of the network that the machine is in."""
        [found] = [name for kind, name in self.stack.world.kept if kind == NETWORK]
        return found

    def address(self, name: str = "") -> str:
        """Return where the machine answers in its network, or a neighbour."""
        wanted = self._neighbour(name) if name else self.container
        address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return self.docker("inspect", "--format", address, wanted).strip()

    def _neighbour(self, name: str) -> str:
        """Return the other machine of this name, which then runs."""
        full = f"{self.network}-{name}"
        if not self.docker("ps", "--quiet", "--filter", f"name=^{full}$"):
            named = ("--name", full, "--network", self.network, "--entrypoint", "sleep")
            mounted = ("--volume", f"{self.desk}:/desk:ro", "--user", "0:0")
            image = f"{self.images}/stream:0.1.0"
            self.docker("run", "--detach", *named, *mounted, image, "infinity")
        return full

    def leave(self) -> None:
        """Take the neighbours out of the network."""
        ours = ("--filter", f"name=^{self.network}-")
        for name in self.docker("ps", "--all", "--quiet", *ours).split():
            self.docker("rm", "--force", name)

    def remove(self) -> None:
        """Remove all that is left, the data too."""
        kept = self.stack.world.kept
        if any(kind == NETWORK for kind, _ in kept):
            self.leave()
        for wanted in (CONTAINER, NETWORK, VOLUME):
            for name in [name for kind, name in kept if kind == wanted]:
                self.stack.world.makers[wanted].delete(name)

    def await_machine(self) -> None:
        """Wait until systemd has started everything."""
        wait_for(lambda: self._state() in {"running", "degraded"}, "systemd", 120)

    def _state(self) -> str:
        """Return how far systemd is; the command fails in every state but one."""
        docker = [programs.require("docker"), "--host", self.docker.host]
        asked = [*docker, "exec", self.container, "systemctl", "is-system-running"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        return done.stdout.strip()

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
            "DOCKER_HOST": self.docker.host,
            "DOCKER_CONFIG": str(self.desk / "docker"),
            "TAPELINE_IMAGES": self.images,
            OUTPUTS_FILE_VARIABLE: str(self.desk / "outputs.json"),
        }

    def begin(self, verb: str, *words: str) -> subprocess.Popen[str]:
        """Type a verb and do not wait."""
        return self._begin("fab", verb, "--stack", STACK, *words)

    def begin_documented(self, beginning: str, *words: str) -> subprocess.Popen[str]:
        """Type the command that the documents have, about this machine, and further words."""
        return self.begin_line(self.documented.line(beginning), *words)

    def begin_line(self, line: str, *words: str) -> subprocess.Popen[str]:
        """Type a line of the documents, about this machine, and further words."""
        return self._begin(*self._words(line), *words)

    def _words(self, line: str) -> list[str]:
        """Return the words of a documented command, with this machine's name and network."""
        named = line.replace("--stack dev", f"--stack {STACK}")
        if "203.0.113.7/32" in named:
            named = named.replace("203.0.113.7/32", f"{self.address(OUTSIDE)}/32")
        return shlex.split(named)

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
        return self.docker("exec", self.container, "bash", "-c", script)

    def compose(self, *words: str) -> str:
        """Run Compose in the machine."""
        words_ = " ".join(words)
        return self.inside(f"/opt/tapeline/current/scripts/operations/hosts/host-compose {words_}")

    def with_next_postgres(self) -> None:
        """Take for the machine's images those of a release with the next version of PostgreSQL."""
        self.images = build_next_postgres(self.docker, self.images, self.desk)

    def begin_outside(self, name: str, *command: str) -> None:
        """Start a command on another machine of the network, which it lasts as long as."""
        self.docker("exec", "--detach", self._neighbour(name), *command)

    def outside(self, name: str, *command: str) -> str:
        """Run a command on another machine of the network."""
        return self.docker("exec", self._neighbour(name), *command)


def _free(port: int) -> int:
    """Return the port, or another one if it is in use."""
    with socket.socket() as attempt:
        in_use = attempt.connect_ex(("127.0.0.1", port)) == 0
    return free_ports(1)[0] if in_use else port
