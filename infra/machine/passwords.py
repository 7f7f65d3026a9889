"""Passwords that Pulumi makes once and keeps encrypted in its state: names in, secrets out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi
import pulumi_random

_LENGTH = 48


def make_passwords(
    names: Iterable[str], parent: pulumi.Resource, *, keep: bool
) -> Mapping[str, pulumi.Output[str]]:
    """Return a random password for each name: letters and digits, so that no tool has to quote.

    `keep`: they stay in the stack as long as the data that they open, whatever else is destroyed.
    """
    return {name: _password(name, parent, keep=keep) for name in names}


def _password(name: str, parent: pulumi.Resource, *, keep: bool) -> pulumi.Output[str]:
    made = pulumi_random.RandomPassword(
        name.replace("_", "-"),
        length=_LENGTH,
        special=False,
        # Another rule for new passwords must not change those that are in use.
        opts=pulumi.ResourceOptions(
            parent=parent, protect=keep, ignore_changes=["length", "special"]
        ),
    )
    return pulumi.Output.secret(made.result)
