"""A wrong configuration makes nothing, and is one line."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from infra.config.catalog import CATALOG
from tests.unit.infra.stacks import (
    ROOT,
    run,
)


@pytest.mark.parametrize(
    ("cloud", "name", "value", "where"),
    [
        ("local", "size", "cx33", "aws, azure, gcp, hcloud, digitalocean"),
        ("existing", "region", "nbg1", "aws, azure, gcp, hcloud, digitalocean"),
        ("local", "image", "debian-13", "aws, azure, gcp, hcloud, digitalocean"),
        ("existing", "dataVolumeGb", "80", "aws, azure, gcp, hcloud, digitalocean"),
        ("hcloud", "hostAddress", "192.0.2.10", "existing"),
        ("hcloud", "localSshPort", "2300", "local"),
    ],
)
def test_what_means_nothing_at_a_cloud_is_refused(
    cloud: str, name: str, value: str, where: str
) -> None:
    stack = run(cloud, **{name: value})
    assert (stack.resources, stack.error) == (
        (),
        f"{name} is for {where}, and cloud is {cloud}: pulumi config rm {name}",
    )


def test_a_wrong_configuration_makes_nothing_and_says_one_line() -> None:
    stack = run("hcloud", adminCidrs="0.0.0.0/0")
    assert stack.resources == ()
    assert stack.error == (
        "adminCidrs opens SSH to the world; name your own, "
        "such as: pulumi config set adminCidrs 203.0.113.7/32"
    )


def test_pulumi_adds_no_line_of_its_own() -> None:
    # As its language host runs the program: exit code 32 says that the person has been told.
    program = """
import runpy, pulumi
pulumi.runtime.set_mocks(pulumi.runtime.Mocks, project="tapeline", stack="dev")
pulumi.runtime.set_all_config({"tapeline:cloud": "moon"})
pulumi.log.error = print
runpy.run_path("infra", run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (32, "")
    assert re.fullmatch("cloud is 'moon'; it must be one of .*\\n", done.stdout)


@pytest.mark.parametrize("cloud", ["gcp", "local"])
def test_a_cloud_whose_sdk_is_not_installed_is_one_line(cloud: str) -> None:
    sdk = CATALOG[cloud].sdk or ""
    found = run(cloud, **{"--missing": sdk})
    assert (found.error, found.resources) == (
        f"cloud is {cloud}, whose SDK is not installed here; run: scripts/setup --cloud {cloud}",
        (),
    )


def test_a_secret_in_the_open_is_refused() -> None:
    stack = run("hcloud", **{"--hidden": "no"})
    assert stack.resources == ()
    assert stack.error == (
        "alphaVantageKey lies open in the stack's file; "
        "hide it: pulumi config set --secret alphaVantageKey"
    )
