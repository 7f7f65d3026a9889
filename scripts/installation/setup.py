"""Brings a bare machine to where everything runs: Java, Python packages, jars; or to where a host
is made and operated from: two small environments of Python and nothing else.

Standard library only. What is there already is found by a stamp and not touched again.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.installation import jars, node_packages, python_packages, web_packages
from scripts.installation.class_archives import make_class_archives
from scripts.installation.java import Java, find_java, install_java
from scripts.installation.stamps import fingerprint, holds
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import (
    BENCH_JARS,
    CACHE,
    CONNECT_JARS,
    JAR_LOCK,
    NODE_PACKAGES,
    ROOT,
    VENV,
    WEB_LOCK,
    WEB_PACKAGES,
    user_cache,
)
from scripts.launcher.progress import Progress, say
from scripts.local_stack.servers import postgres_tls

_RUNNING = ("simulator", "producer", "topics", "stream", "dashboard", "alerts", "sql", "embedded")
_OPERATING = ("operations", "powerbi")
TO_OPERATE = frozenset(f"--extra={name}" for name in _OPERATING)
# Whoever looks at the demo goes on to the examples, the Power BI kit and `fab`.
TO_RUN = TO_OPERATE | {f"--extra={name}" for name in (*_RUNNING, "examples")}
ALL = frozenset({"--all-extras", "--all-groups"})
_BENCH_GROUPS = (BENCH_JARS.name, CONNECT_JARS.name)
_DESCRIPTION = """\
Install all that Tapeline needs to run without Docker: Java 17 or 21 (by apt-get, where root runs
this on Debian or Ubuntu; otherwise it says which command does), the locked Python packages into
.venv, and the pinned jars of Kafka and of Spark's connector and the web page's chart library into
.cache. Downloads are checked against the lock files and kept in ~/.cache/tapeline. A second run
finds all of it in place. What only tests need, scripts/test brings.

With --cloud it installs only what `pulumi up` and `fab` need on the machine of the person who
operates a host, on Linux or macOS, without root: no Java, no Spark, the SDK of one cloud.
"""
_EPILOG = """\
environment: MAVEN_REPOSITORY_URL, NPM_CONFIG_REGISTRY (mirrors of Maven Central and of npm),
XDG_CACHE_HOME, JAVA_HOME, PYTHON (the interpreter to use), SSL_CERT_FILE; pip and uv read their own
variables.
"""


def set_up(variables: Mapping[str, str], with_jars: bool = True, to_run_only: bool = False) -> Java:
    """Install what is missing and return the Java to use; `to_run_only` leaves out the packages
    of tests, checks and clouds. Raises SetupError.
    """
    if shutil.which("setpriv") is None:
        raise SetupError("setpriv is missing; install the package util-linux")
    with _one_at_a_time(CACHE / "setup.lock"):
        java = find_java(variables)
        if java is None:
            say("Java 17 or 21 is missing")
            java = install_java(variables)
        # What runs starts many processes, each of which would compile, or the first of them at
        # least: two seconds each. Of the clouds' SDKs next to nothing is ever imported.
        _install_packages(variables, TO_RUN if to_run_only else ALL, compiled=to_run_only)
        _install_web_packages(variables)
        if with_jars:
            _install_jars(variables)
            make_class_archives(java, variables)
    return java


def set_up_operator(cloud: str, variables: Mapping[str, str]) -> None:
    """Install what `fab` (.venv) and `pulumi up` (.cache/pulumi-venv) need, and nothing more.

    Nothing in here may be of Linux alone. Raises SetupError.
    """
    with _one_at_a_time(CACHE / "setup.lock"):
        _install_packages(variables, TO_OPERATE, compiled=False)
        python_packages.sync_pulumi(cloud, user_cache(variables), variables)


def _install_packages(
    variables: Mapping[str, str], wanted: Collection[str], *, compiled: bool
) -> None:
    lock = fingerprint(
        (ROOT / "uv.lock").read_bytes(),
        (ROOT / "pyproject.toml").read_bytes(),
        f"{sys.version} {ROOT}".encode(),
    )
    stamp = VENV / "tapeline-setup"
    said = stamp.read_text("utf-8") if stamp.exists() else ""
    of_lock, *installed = said.splitlines() or [""]
    options = together(installed, wanted)
    is_there = of_lock == lock and (VENV / "bin" / "python").exists()
    if is_there and options == together(installed, ()):
        return
    spark = "" if options == together(TO_OPERATE, ()) else " (Spark is 450 MB)"
    say(f"Python packages: the first time this takes a minute or two{spark}")
    if stamp.exists():  # should this fail, the next setup still knows what is to be there
        stamp.write_text("\n".join(["", *options]), encoding="utf-8")
    python_packages.sync(user_cache(variables), variables, options, compiled=compiled)
    stamp.write_text("\n".join([lock, *options]), encoding="utf-8")


def together(installed: Collection[str], wanted: Collection[str]) -> list[str]:
    """Return the options of uv for what is there and what is wanted: nothing is taken away.

    Those of another version of the project that are known no more are left out.
    """
    options = {*installed, *wanted} & {*ALL, *TO_RUN, *TO_OPERATE}
    return sorted(ALL if options >= ALL else options)


def _install_web_packages(variables: Mapping[str, str]) -> None:
    wanted = fingerprint(WEB_LOCK.read_bytes())
    stamp = WEB_PACKAGES / "tapeline-setup"
    if holds(stamp, wanted):
        return
    web_packages.install(
        web_packages.read_lock(WEB_LOCK),
        web_packages.registry_url(variables),
        user_cache(variables) / "web",
        WEB_PACKAGES,
        Progress("packages of the web page").add,
    )
    stamp.write_text(wanted, encoding="utf-8")


def _install_jars(variables: Mapping[str, str]) -> None:
    directory = CACHE / "jars"
    groups = {
        name: group for name, group in jars.read_lock(JAR_LOCK).items() if name not in _BENCH_GROUPS
    }
    wanted = fingerprint(JAR_LOCK.read_bytes())
    stamp = directory / "tapeline-setup"
    if holds(stamp, wanted) and all((directory / group).is_dir() for group in groups):
        return
    stamp.unlink(missing_ok=True)
    jars.install(
        groups,
        jars.repository_url(variables),
        user_cache(variables) / "jars",
        directory,
        Progress("jars of Kafka and Spark's connector").add,
    )
    stamp.write_text(wanted, encoding="utf-8")


def install_bench_jars(variables: Mapping[str, str]) -> None:
    """Bring the jars that only scripts/bench needs. Raises SetupError."""
    lock = jars.read_lock(JAR_LOCK)
    jars.install(
        {name: lock[name] for name in _BENCH_GROUPS},
        jars.repository_url(variables),
        user_cache(variables) / "jars",
        BENCH_JARS.parent,
        Progress("jars of the benchmark's peers").add,
    )


def install_node_packages(variables: Mapping[str, str]) -> None:
    """Bring what checks and tests run on Node. Raises SetupError."""
    wanted = fingerprint(*(file.read_bytes() for file in node_packages.MANIFESTS))
    stamp = NODE_PACKAGES / "tapeline-setup"
    with _one_at_a_time(CACHE / "setup.lock"):
        if holds(stamp, wanted):
            return
        say("Node packages: ESLint, and Microsoft's checks of the Power BI project (12 MB)")
        stamp.unlink(missing_ok=True)
        node_packages.install(variables)
        stamp.write_text(wanted, encoding="utf-8")


def install_test_programs(variables: Mapping[str, str]) -> None:
    """Bring what only the tests need: Microsoft's checks, a PostgreSQL with TLS.

    Raises SetupError.
    """
    install_node_packages(variables)
    with _one_at_a_time(CACHE / "setup.lock"):
        postgres_tls.require(variables)


@contextmanager
def _one_at_a_time(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another setup is at work here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/setup",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--cloud",
        choices=python_packages.CLOUDS,
        help="only what operates a host: .cache/pulumi-venv, in which `pulumi up` runs, with this "
        "cloud's SDK, and .venv/bin/fab",
    )
    cloud = parser.parse_args().cloud
    begin = time.monotonic()
    try:
        ready = _ready_to_operate(cloud) if cloud is not None else _ready_to_run()
    except SetupError as error:
        say(f"scripts/setup: {error}")
        return 1
    except KeyboardInterrupt:
        say("\nscripts/setup: interrupted; run it again to go on")
        return 130
    say(f"ready: {ready}")
    say(f"took {time.monotonic() - begin:.1f} s")
    return 0


def _ready_to_run() -> str:
    java = set_up(os.environ)
    return f"Java {java.version} in {java.home}, .venv, .cache/jars"


def _ready_to_operate(cloud: str) -> str:
    set_up_operator(cloud, os.environ)
    return f"`pulumi up` with cloud={cloud}, and .venv/bin/fab"


if __name__ == "__main__":
    sys.exit(main())
