"""Asks a container engine for the file system of an image: a name in, a tar out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO


class ImageError(Exception):
    """One line: which image could not be read, and why."""


def service(image: str) -> str:
    """Return the name of an image without its registry, folder, tag and digest."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


@contextmanager
def exported(
    image: str, environment: Mapping[str, str], program: str = "docker"
) -> Iterator[IO[bytes]]:
    """Give the tar of an image that is here, from a container that never runs.

    Raises ImageError.
    """
    # A command, for an image may have none.
    create = [program, "create", "--pull", "never", "--network", "none", image, "true"]
    container = _run(create, image, environment).strip()
    try:
        command = [program, "export", container]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as running:
            assert running.stdout is not None  # noqa: S101 - it is a pipe
            yield running.stdout
            while running.stdout.read(1 << 20):  # what pads the end of a tar
                pass
        if running.returncode != 0:
            raise ImageError(f"docker export of {image} ended with {running.returncode}")
    finally:
        _run([program, "rm", container], image, environment)


def _run(command: list[str], image: str, environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ImageError(f"{image} cannot be read: {command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no word"])[0]
        raise ImageError(f"{image} cannot be read: {said}; is it built, and does Docker run?")
    return done.stdout
