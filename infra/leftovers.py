"""What outlives `pulumi destroy`: told while it runs, and kept for the `pulumi up` after it.

The program does not run in a destroy, so a resource does: as it goes, a line of shell says what is
still there and what removes it, and lays the passphrase of the backups in a file of the operator's.
Neither the checkout nor its packages need to be there any more.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pulumi
import pulumi_command

from infra.config.settings import Settings
from infra.machine.host import Host

FOLDER: Final = "${XDG_DATA_HOME:-$HOME/.local/share}/tapeline"
_REMOVED_BY: Final[Mapping[str, str]] = {
    "aws": "aws ec2 delete-volume --region {region} --volume-id {volume}",
    "azure": "az disk delete --ids {volume}, then its resource group (az group delete)",
    "gcp": "gcloud compute disks delete {volume}",
    "hcloud": "hcloud volume disable-protection {volume} delete && hcloud volume delete {volume}",
    "digitalocean": "doctl compute volume delete {volume}",
    "local": "docker volume rm {volume}",
}
_KEEP: Final = f"""\
set -eu
umask 077
folder="{FOLDER}"
mkdir -p "$folder"
printf '%s\\n' "$PASSPHRASE" > "$folder/$STACK.backup_passphrase"
echo "the passphrase of all backups so far is kept in $folder/$STACK.backup_passphrase"
rm -f "$folder/$STACK.left"
[ -z "$LEFT" ] || printf '%s\\n' "$LEFT" | tee "$folder/$STACK.left"
"""


def left(settings: Settings, volume: str) -> str:
    """Return what a destroyed stack leaves behind and what removes it, or nothing."""
    if settings.cloud == "existing":
        return (
            f"still there: the machine {settings.existing.address} with the pipeline and its data; "
            "fab destroy --with-data removes both, while the stack is known"
        )
    if not settings.keep_data:
        return ""
    remedy = _REMOVED_BY[settings.cloud].format(volume=volume, region=settings.region)
    billed = "" if settings.cloud == "local" else ", billed"
    return (
        f"still there{billed}: the data volume {volume}. While `pulumi stack` lists it, the next "
        "`pulumi up` takes it up again; else it makes another one, and this removes it for good: "
        f"{remedy}"
    )


@dataclass(frozen=True)
class Leftovers:
    """Tells in a destroy what stays; `before` are the outputs of the `pulumi up` before."""

    name: str
    stack: str
    settings: Settings
    parent: pulumi.Resource

    def watch(self, host: Host, passphrase: pulumi.Output[str]) -> None:
        """Be there to be destroyed."""
        pulumi_command.local.Command(
            f"{self.name}-leftovers",
            create=":",
            update=":",
            delete=_KEEP,
            environment={
                "STACK": self.stack,
                "LEFT": host.data_volume.apply(lambda volume: left(self.settings, volume)),
                "PASSPHRASE": passphrase,
            },
            opts=pulumi.ResourceOptions(
                parent=self.parent, additional_secret_outputs=["environment"]
            ),
        )


def remind(stack: str, before: Mapping[str, Any]) -> None:
    """Warn of what an earlier stack of this name has left and this one does not know."""
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    note = Path(data) / "tapeline" / f"{stack}.left"
    if not before and note.exists():
        pulumi.log.warn(
            f"an earlier stack {stack} was destroyed: {note.read_text('utf-8').strip()} "
            f"(once it is gone: rm {note})"
        )
