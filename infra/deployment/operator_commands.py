"""What runs on the operator's machine while Pulumi is at work: a module and its input in.

A command runs again when its input changes, and when another machine has taken the host's place.
Its input holds no path of this checkout: another folder or another person deploys nothing again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_command

from infra.config.settings import Settings
from infra.machine.host import Host, HostKeys

CHECKOUT: Final = ".."
"""As seen from this folder, in which Pulumi runs the program and its plugins."""


@dataclass(frozen=True)
class OperatorCommands:
    """Makes the commands of one stack."""

    name: str
    settings: Settings
    host: Host
    parent: pulumi.Resource

    def first_contact(self, keys: HostKeys) -> pulumi.Resource:
        """Give a rented host its lasting key as soon as it answers."""
        contact = pulumi.Output.json_dumps(
            {
                "address": self.host.address,
                "port": self.host.ssh_port,
                "user": self.host.ssh_user,
                "identity_file": self.settings.ssh_identity_file,
                "first_contact_public": keys.first_contact_public,
                "lasting_public": keys.lasting_public,
                "lasting_private": keys.lasting,
            }
        )
        return self._run(
            "first-contact", "infra.deployment.first_contact", contact, self.host.ready
        )

    def deployment(
        self, outputs: Mapping[str, Any], after: Iterable[pulumi.Resource]
    ) -> pulumi.Resource:
        """Deploy the pipeline to the host that the outputs describe."""
        described = pulumi.Output.json_dumps(outputs)
        return self._run("deployment", "infra.deployment.deployment", described, after)

    def _run(
        self, use: str, module: str, stdin: pulumi.Output[str], after: Iterable[pulumi.Resource]
    ) -> pulumi.Resource:
        return pulumi_command.local.Command(
            f"{self.name}-{use}",
            create=f"exec .venv/bin/python -m {module}",
            dir=CHECKOUT,
            stdin=stdin,
            # What is said on standard output is shown at once, and kept in the state; what is said
            # on standard error is shown if the command fails, with all the rest.
            logging=pulumi_command.local.Logging.STDOUT,
            add_previous_output_in_env=False,
            triggers=[self.host.machine],
            opts=pulumi.ResourceOptions(
                parent=self.parent,
                depends_on=list(after),
                additional_secret_outputs=["stdout", "stderr"],
            ),
        )
