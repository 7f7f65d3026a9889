"""Passwords that Pulumi makes once and keeps encrypted in its state: names in, secrets out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi
import pulumi_random

_LENGTH = 48


def make_passwords(
    names: Iterable[str], parent: pulumi.Resource
) -> Mapping[str, pulumi.Output[str]]:
    """Return a random password for each name: letters and digits, so that no tool has to quote."""
    return {name: _password(name, parent) for name in names}


def _password(name: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    made = pulumi_random.RandomPassword(
        name.replace("_", "-"),
        length=_LENGTH,
        special=False,
        # Another rule for new passwords must not change those that are in use.
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["length", "special"]),
    )
    return pulumi.Output.secret(made.result)
