"""What the stack published the last time: its own outputs out, before this `pulumi up` changes any.

A resource cannot say that the one before it was larger, and the engine learns it only when the
cloud refuses. The program asks the engine for the stack's recorded outputs instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from infra.config.settings import SettingError, Settings

_READ: Final = "pulumi:pulumi:readStackOutputs"


def published() -> Mapping[str, Any]:
    """Return the outputs of the last `pulumi up`; none where there was no such."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    found: Mapping[str, Any] = pulumi.runtime.invoke(_READ, {"name": name}).value or {}
    outputs: Mapping[str, Any] = found.get("outputs") or {}
    return outputs


def refuse_a_smaller_volume(settings: Settings, before: Mapping[str, Any]) -> None:
    """Refuse what no cloud does with a volume that holds data. Raises SettingError."""
    had = int(before.get("data_volume_gb") or 0)
    if settings.cloud == before.get("cloud") and settings.data_volume_gb < had:
        raise SettingError(
            f"dataVolumeGb is {settings.data_volume_gb}, and the data volume has {had} GB, which "
            f"nothing makes smaller: pulumi config set dataVolumeGb {had}"
        )
