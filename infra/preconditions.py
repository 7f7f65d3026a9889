"""What the stack published the last time: its own outputs out, before this `pulumi up` changes any.

A resource cannot say that the one before it was larger, and the engine learns it only when the
cloud refuses. The program asks the engine for the stack's recorded outputs instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pulumi
import tenacity

from infra.config.reader import SettingError
from infra.config.settings import Settings

Ask = Callable[[str, Mapping[str, Any]], Any]

_READ: Final = "pulumi:pulumi:readStackOutputs"
_WRITTEN_MEANWHILE: Final = "failed to load checkpoint"
_WAIT_SECONDS: Final = 30.0


def published(ask: Ask = pulumi.runtime.invoke) -> Mapping[str, Any]:
    """Return the outputs of the last `pulumi up`; none where there was no such.

    Where the state is a file, the engine writes it anew while the program runs, and for a moment
    it is empty: that is waited out.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception_message(match=f"(?s).*{_WRITTEN_MEANWHILE}"),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(_WAIT_SECONDS),
        reraise=True,
    )
    found: Mapping[str, Any] = again(ask, _READ, {"name": name}).value or {}
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
