"""A stack of the project's own program before the real engine: settings in, what was done out."""

from __future__ import annotations

import os
import runpy
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from pulumi import automation

from infra.config.config_keys import SECRET_KEYS
from infra.outputs import StackOutputs, from_mapping
from scripts.launcher.paths import ROOT, VENV
from tests.engine.clouds.stand_in import serving
from tests.engine.clouds.world import Maker, World, type_of
from tests.engine.desk import Desk
from tests.engine.engine_events import STACK, Changes, Watch, short
from tests.engine.programs import language_host

POLICIES: Final = str(ROOT / "infra" / "policies")
PASSPHRASE: Final = "canary-of-the-passphrase"
_PACKAGES: Final = (
    "aws", "azure", "command", "digitalocean", "docker", "gcp", "hcloud", "random", "tls",
)  # fmt: skip
_OFFLINE: Final = ("random", "tls")
"""Their real plugins need neither an account nor a network: one that is installed is used."""

ACCEPTED_WARNINGS: Final = (
    "ignore:.* has been deprecated in favor of:DeprecationWarning",
    "ignore:unclosed (event loop|<socket):ResourceWarning",
)
"""Of the SDKs: old names of their own (what the program uses and is deprecated stays an error), and
an event loop left open when the engine refuses a program."""


def run_program() -> None:
    """Run the program as `pulumi up` does; a wrong setting is raised to the Automation API."""
    runpy.run_path(str(ROOT / "infra" / "__main__.py"), run_name="tapeline")


@dataclass(frozen=True)
class Trial:
    """One stack, its project's folder and the clouds that it is made in."""

    folder: Path
    stack: automation.Stack
    world: World
    desk: Desk
    printed: list[str] = field(default_factory=list)
    """All that Pulumi said."""

    @property
    def settings_file(self) -> Path:
        """Return the stack's file, which `pulumi config set` writes."""
        return self.folder / f"Pulumi.{STACK}.yaml"

    def set(self, **settings: str) -> None:
        """Set the stack's configuration; secrets as secrets."""
        self.stack.set_all_config(
            {
                name: automation.ConfigValue(value, secret=name.rpartition(":")[2] in SECRET_KEYS)
                for name, value in settings.items()
            }
        )

    def preview(self, **settings: Any) -> Changes:
        """Return what `pulumi up` would do if these were set too; they stay unset.

        A secret's value must be one that is set for another project: it is encrypted there.
        """
        return self._watched(self.stack.preview, config_file=self._file_with(settings))

    def judged(self, **settings: str) -> Mapping[str, tuple[str, str, str]]:
        """Set these too; return what the policy pack finds in `pulumi up`, by policy."""
        if settings:
            self.set(**settings)
        watch = Watch()
        try:
            self.stack.up(on_event=watch.hear, policy_packs=[POLICIES], color="never")
        except automation.CommandError:
            assert watch.violations, watch.said
        return watch.violations

    def up(self, **settings: str) -> Changes:
        """Set these too, run `pulumi up` and return what it did."""
        if settings:
            self.set(**settings)
        return self._watched(self.stack.up)

    def refresh(self) -> Changes:
        """Run `pulumi refresh` and return what it found changed."""
        return self._watched(self.stack.refresh)

    def destroy(self, **options: bool) -> Changes:
        """Run `pulumi destroy` and return what it did."""
        return self._watched(self.stack.destroy, **options)

    def pulumi(self, *words: str) -> str:
        """Run the command line on this stack; return what it printed."""
        workspace = self.stack.workspace
        variables = {**workspace.env_vars, "PULUMI_HOME": str(workspace.pulumi_home)}
        command = [*words, "--stack", STACK]
        done = workspace.pulumi_command.run(command, workspace.work_dir, variables)
        self.printed.append(done.stdout + done.stderr)
        return done.stdout

    def written(self) -> Mapping[str, str]:
        """Return all that Pulumi wrote: state, its history and backups, settings and logs."""
        base = self.folder.parent
        return {
            str(file.relative_to(base)): file.read_text("utf-8", errors="replace")
            for name in ("home", "project", "state")
            for file in (base / name).rglob("*")
            if file.is_file() and not file.is_symlink()
        }

    def _file_with(self, settings: Mapping[str, Any]) -> str:
        """Return a file of the stack's configuration with these set too."""
        written = yaml.safe_load(self.settings_file.read_text("utf-8"))
        config = written["config"]
        for name, value in settings.items():
            config[f"tapeline:{name}"] = config[value] if name in SECRET_KEYS else value
        file = self.folder / "Pulumi.other.yaml"
        file.write_text(yaml.safe_dump(written), encoding="utf-8")
        return str(file)

    def _watched(self, action: Callable[..., Any], **options: Any) -> Changes:
        watch = Watch()
        try:
            action(on_event=watch.hear, on_output=self.printed.append, color="never", **options)
        except automation.CommandError:
            return watch.refusal
        return watch.changes

    def outputs(self) -> StackOutputs:
        """Return the outputs with their secrets."""
        found = self.stack.outputs()
        return from_mapping({name: output.value for name, output in found.items()})

    def state(self) -> list[Mapping[str, Any]]:
        """Return the resources that the stack still knows."""
        deployment = self.stack.export_stack().deployment or {}
        found: list[Mapping[str, Any]] = deployment.get("resources", [])
        return found

    def protected(self) -> list[str]:
        """Return the URNs of what Pulumi refuses to remove."""
        return [entry["urn"] for entry in self.state() if entry.get("protect")]

    def known(self) -> tuple[str, ...]:
        """Return what the stack still knows, apart from its own entry and providers."""
        known = (entry["urn"] for entry in self.state())
        return tuple(sorted(short(urn) for urn in known if not type_of(urn).startswith("pulumi:")))


@contextmanager
def trial(
    program: Path,
    folder: Path,
    settings: Mapping[str, str],
    desk: Desk | None = None,
    makers: Mapping[str, Maker] | None = None,
    *,
    inline: bool = True,
) -> Iterator[Trial]:
    """Yield a new stack with these settings, in a folder like a checkout's, nothing made yet.

    `inline`: the program runs in this process, else in one of its own, as `pulumi up` starts it.
    """
    desk = desk or Desk.make(folder / "desk")
    project, binaries = folder / "project", folder / "engine" / "bin"
    for empty in (project, binaries, folder / "state"):
        empty.mkdir(parents=True)
    (binaries / "pulumi").symlink_to(program)
    python = binaries / "pulumi-language-python"
    host = f'exec {sys.executable} {language_host.__file__} "$@"'
    python.write_text(f"#!/bin/sh\n{host}\n", "utf-8")
    python.chmod(0o755)
    shutil.copy(ROOT / "Pulumi.yaml", project)
    (project / "infra").symlink_to(ROOT / "infra")
    (project / ".cache").mkdir()
    (project / ".cache" / "pulumi-venv").symlink_to(VENV)
    world, stood_in_for = World(desk, makers or {}), _without_plugin(binaries)
    with serving(world) as port, _home(folder / "data"):
        variables = {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name in stood_in_for),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        options = automation.LocalWorkspaceOptions(
            work_dir=str(project),
            pulumi_home=str(folder / "home"),
            env_vars=variables,
            pulumi_command=automation.PulumiCommand(root=str(binaries.parent)),
        )
        stack = (
            automation.create_stack(
                STACK, project_name="tapeline", program=run_program, opts=options
            )
            if inline
            else automation.create_stack(STACK, work_dir=str(project), opts=options)
        )
        made = Trial(project, stack, world, desk)
        made.set(**settings)
        yield made


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    """What the program keeps in the operator's home goes to a folder of the stack's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder))
        yield


def _without_plugin(binaries: Path) -> list[str]:
    """Return the packages without a real plugin; one that there is goes beside the engine."""
    missing = []
    for package in _PACKAGES:
        real = _installed(package) if package in _OFFLINE else None
        if real is None:
            missing.append(package)
        else:
            (binaries / real.name).symlink_to(real)
    return missing


def _installed(package: str) -> Path | None:
    """Return the package's real plugin if this machine has one."""
    name = f"pulumi-resource-{package}"
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    fetched = sorted(home.glob(f"plugins/resource-{package}-v*/{name}"))
    found = shutil.which(name) or (fetched[-1] if fetched else None)
    return Path(found) if found else None
