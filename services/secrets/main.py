"""Makes what is missing: random passwords and the database's certificates.

The volume `origin` keeps all of them and is mounted here alone; each service has a volume with its
own few. What is there is never written over; only the server's certificate is renewed before it
ends. A certificate (server.crt, server.key) and first passwords can be given in TAPELINE_GIVEN. It
also checks who may come from outside (POWERBI_CIDRS), and hands the list to the server. Where
BACKUP_REPOSITORY says so, it writes pgBackRest's file, with the keys that were given.

docker compose run --rm secrets show NAME      prints one: powerbi_reader_password, ca.crt, ...
docker compose run --rm secrets renew          makes the server a new key and certificate
docker compose run --rm secrets rotate NAME    replaces one of the passwords
docker compose run --rm secrets taken          the server has the new postgres_password
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.secrets import backup_repository, certificates
from services.secrets.backup_repository import RepositoryError
from services.secrets.store import RefusalError, Store
from services.secrets.table import GENERATED, SERVING, handed_out

# The rule is one file for Pulumi, the commands, the host and this; it is run, not imported.
NETWORK_RULE = Path(__file__).parents[2] / "infra" / "config" / "addresses.py"
# The server has the superuser's password of before until postgres/set-password has run.
_PENDING = "postgres_password.pending"
_REPOSITORY = "pgbackrest.conf"
_SERVED = "/run/tapeline"
_ALWAYS_NAMED = "DNS:postgres,DNS:localhost,IP:127.0.0.1"


@dataclass(frozen=True)
class Run:
    """One run: the volumes, the folder with what was given, and the settings."""

    store: Store
    given: Path
    settings: Mapping[str, str]

    def fill(self) -> None:
        """Make what is missing; what was given is the first password. Raises RefusalError."""
        for name in GENERATED:
            given = self.given / name
            self._once(name, given.read_bytes if _is_filled(given) else _random)
        text = self.store.text
        logins = (("postgres", "postgres_password"), ("market_owner", "market_owner_password"))
        lines = (f"*:*:*:{role}:{text(password)}\n" for role, password in logins)
        self.store.put("pgpass", "".join(lines).encode())
        self._once("spark_pages_login", lambda: certificates.login(text("spark_pages_password")))
        self.store.put("powerbi_cidrs", _networks(self.settings))
        self._certificates()
        self._repository()

    def hand_out(self) -> None:
        """Give each service its own, and nothing else. Raises RefusalError for a given certificate
        that is none."""
        given = [(service, self.store.file(name), called) for name, service, called in handed_out()]
        serving = self.store.origin
        if os.path.lexists(self.given / "server.crt"):
            certificates.require_servable(self.given)
            serving = self.given
        for name in ("server.key", "server.crt"):
            given += [(service, serving / name, name) for service in SERVING]
        repository = self.settings.get("BACKUP_REPOSITORY", "")
        if repository:
            given.append(("postgres", self.store.file(_REPOSITORY), _REPOSITORY))
            files = (self.given / name for name in backup_repository.files(repository))
            given += [("postgres", file, file.name) for file in files if _is_filled(file)]
        if self.store.has("pgpass.before"):
            given.append(("postgres", self.store.file("pgpass.before"), "pgpass.before"))
        for service, file, name in given:
            self.store.give(service, file, name)
        for service in {service for service, _, _ in given}:
            self.store.keep_only(service, {name for each, _, name in given if each == service})

    def rotate(self, name: str) -> None:
        """Replace a password, whatever was given. Raises RefusalError."""
        if not name.endswith("_password") or name not in GENERATED:
            raise RefusalError(
                f"there is no password {name!r} to rotate, such as powerbi_reader_password"
            )
        if not self.store.has(name):
            raise RefusalError(f"there is no {name} yet")
        if name == "postgres_password":
            if self.store.has(_PENDING):
                _say(f"the server may not have the last {name} yet; that one is rotated on")
                return
            self.store.put("pgpass.before", self.store.file("pgpass").read_bytes())
            self.store.put(_PENDING, b"until the server has it\n")
        if name == "spark_pages_password":
            self.store.remove("spark_pages_login")
        self.store.put(name, _random())
        _say(f"made {name}")

    def _certificates(self) -> None:
        store = self.store
        key, issuer = store.file("server.key"), (store.file("ca.crt"), store.file("ca.key"))
        added = self.settings.get("POSTGRES_TLS_NAMES", "")
        names = f"{_ALWAYS_NAMED},{added}" if added else _ALWAYS_NAMED
        self._once("ca.key", certificates.private_key)
        self._once("ca.crt", lambda: certificates.authority(store.file("ca.key")))
        self._once("server.key", certificates.private_key)
        if store.has("server.crt") and not (
            certificates.lasts(store.file("server.crt"), certificates.LAST_SECONDS)
            and store.has("server.names")
            and store.text("server.names") == names
        ):
            store.remove("server.crt", "server.names")
        self._once("server.crt", lambda: certificates.server(key, *issuer, names))
        self._once("server.names", f"{names}\n".encode)

    def _repository(self) -> None:
        setting = self.settings.get("BACKUP_REPOSITORY", "")
        if not setting:
            self.store.remove(_REPOSITORY)
            return

        def given(name: str) -> str | None:
            file = self.given / name
            return file.read_text("utf-8") if file.exists() else None

        try:
            text = backup_repository.configuration(
                setting, self.store.text("backup_passphrase"), given, _SERVED
            )
        except RepositoryError as error:
            raise RefusalError(str(error)) from None
        self.store.put(_REPOSITORY, text.encode())

    def _once(self, name: str, make: Callable[[], bytes]) -> None:
        if not self.store.has(name):
            self.store.put(name, make())
            _say(f"made {name}")


def _networks(settings: Mapping[str, str]) -> bytes:
    """Return the networks of POWERBI_CIDRS, one a line. Raises RefusalError."""
    given = [settings.get(name, "") for name in ("POWERBI_CIDRS", "POWERBI_WORLD_OPEN")]
    rule = [sys.executable, str(NETWORK_RULE), *given]
    done = subprocess.run(rule, capture_output=True, check=False)
    if done.returncode != 0:
        raise RefusalError(f"POWERBI_CIDRS: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _random() -> bytes:
    return f"{secrets.token_hex(24)}\n".encode()


def _is_filled(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _say(text: str) -> None:
    sys.stdout.write(f"secrets: {text}\n")
    sys.stdout.flush()


def run(words: Sequence[str], settings: Mapping[str, str]) -> None:
    """Do what the words of the command line ask for. Raises RefusalError, OSError."""
    store = Store(Path(settings.get("SECRETS_ROOT", "/secrets")))
    one = Run(store, Path(settings.get("GIVEN_DIRECTORY", "/run/given")), settings)
    match list(words):
        case ["show", name]:
            sys.stdout.buffer.write(store.file(name).read_bytes())
            return
        case ["renew"]:
            store.remove("server.key", "server.crt", "server.names")
        case ["taken"]:
            store.remove(_PENDING)
        case ["rotate", name]:
            one.rotate(name)
        case []:
            pass
        case _:
            asked = " ".join(words)
            raise RefusalError(
                f"there is no {asked!r}; there are show NAME, renew, rotate and taken"
            )
    one.fill()
    one.hand_out()


def main() -> int:
    """Run from the command line; return the exit code."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        sys.stdout.write(__doc__)
        return 0
    try:
        run(sys.argv[1:], os.environ)
    except (RefusalError, OSError) as error:
        sys.stderr.write(f"secrets: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
