"""The contract between the program and a cloud's module: a Plan goes in, a Host comes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pulumi

from infra.config.settings import Settings
from infra.machine.cloud_init import cloud_config, startup_script
from infra.machine.firewall import Opening


@dataclass(frozen=True)
class HostKeys:
    """Host keys, made by Pulumi; the private halves are secrets, the public ones `type base64`."""

    first_contact: pulumi.Output[str]
    """Goes into the user data; worthless once the lasting one is in its place."""
    first_contact_public: pulumi.Output[str]
    lasting: pulumi.Output[str]
    lasting_public: pulumi.Output[str]


@dataclass(frozen=True)
class Plan:
    """What a module is to make, in no cloud's words."""

    name: str
    """Begins every resource's name: tapeline-STACK, letters, digits and hyphens."""
    settings: Settings
    openings: tuple[Opening, ...]
    keys: HostKeys
    parent: pulumi.Resource

    def user_data(self) -> pulumi.Output[str]:
        """Return the first boot's orders for an image with cloud-init."""
        return self._first_boot(cloud_config)

    def startup_script(self) -> pulumi.Output[str]:
        """Return the first boot's orders for an image without it."""
        return self._first_boot(startup_script)

    def plain(self, provider: pulumi.ProviderResource | None = None) -> pulumi.ResourceOptions:
        """Return the options of what may come and go."""
        return pulumi.ResourceOptions(parent=self.parent, provider=provider)

    def guarded(
        self, *ignored: str, provider: pulumi.ProviderResource | None = None
    ) -> pulumi.ResourceOptions:
        """Return the options of the VM and its address.

        `ignored` are the properties whose change would replace it: a new image, key or line of
        user data must not cost a running host.
        """
        return pulumi.ResourceOptions(
            parent=self.parent,
            provider=provider,
            protect=self.settings.protect,
            ignore_changes=list(ignored),
        )

    def kept(
        self, provider: pulumi.ProviderResource | None = None, *ignored: str
    ) -> pulumi.ResourceOptions:
        """Return the options of the data volume, which outlives everything else."""
        return pulumi.ResourceOptions(
            parent=self.parent,
            provider=provider,
            protect=self.settings.keep_data,
            retain_on_delete=self.settings.keep_data,
            ignore_changes=list(ignored),
        )

    async def _volume_gb(self, machine: pulumi.Output[str]) -> int:
        await machine.future()
        return self.settings.data_volume_gb

    def volume_gb_after(self, machine: pulumi.Output[str]) -> Awaitable[int]:
        """Return the data volume's size once the machine with this identity is there.

        A cloud may refuse the machine, and would bill a volume that nothing uses. An output of the
        machine's would do, but make the volume depend on it: then it could not outlive it.
        """
        return self._volume_gb(machine)

    def _first_boot(self, render: Callable[[str, str], str]) -> pulumi.Output[str]:
        key = self.settings.ssh_public_key
        orders = self.keys.first_contact.apply(lambda private: render(key, private))
        return pulumi.Output.secret(orders)


@dataclass(frozen=True)
class Host:
    """A host that waits for its deployment, in no cloud's words."""

    machine: pulumi.Output[str]
    """Changes when another machine has taken its place."""
    address: pulumi.Output[str]
    ssh_user: str
    ssh_port: int
    host_key: pulumi.Output[str]
    """`ssh-ed25519 AAAA…`, of the key that it has once the first contact is over."""
    data_volume: pulumi.Output[str]
    """What the cloud calls the data volume; empty where none is made."""
    data_volume_device: pulumi.Output[str]
    ready: tuple[pulumi.Resource, ...] = ()
    """What must be there before anybody connects."""
